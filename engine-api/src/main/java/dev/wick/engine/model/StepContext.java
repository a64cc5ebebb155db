package dev.wick.engine.model;

import dev.wick.engine.op.Expr;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.Scatter;
import java.util.List;
import java.util.function.BiConsumer;

/** Serving: a step's tokens, where they stand, and the key-value cache. */
final class StepContext implements ForwardContext {
  private final AdaptedRows rows;
  private final Expr tokens;
  private final Expr positions;
  private final Expr sequences;
  private final Expr slots;
  private final Expr blockTable;
  private final KvCache cache;
  private final BiConsumer<String, Expr> observer;

  StepContext(
      AdaptedRows rows,
      Expr tokens,
      Expr positions,
      Expr sequences,
      Expr slots,
      Expr blockTable,
      KvCache cache,
      BiConsumer<String, Expr> observer) {
    this.rows = rows;
    this.tokens = tokens;
    this.positions = positions;
    this.sequences = sequences;
    this.slots = slots;
    this.blockTable = blockTable;
    this.cache = cache;
    this.observer = observer;
  }

  @Override
  public Expr positions() {
    return positions;
  }

  @Override
  public Expr embed(Parameter table) {
    return rows.embed(table, tokens);
  }

  @Override
  public Expr linear(Linear layer, Expr x) {
    return rows.linear(layer, x);
  }

  @Override
  public List<Expr> linears(List<Linear> layers, Expr x) {
    return rows.linears(layers, x);
  }

  @Override
  public Expr experts(List<Linear> layers, Expr x, Expr chosen) {
    return rows.experts(layers, x, chosen);
  }

  @Override
  public Expr rmsNorm(Expr x, Parameter weight, float eps) {
    return rows.rmsNorm(x, weight, eps);
  }

  /** Appends keys and values to the layer's cache and attends over it. */
  @Override
  public Expr attend(int layer, Expr query, Expr key, Expr value, float scale, int window) {
    Expr keys = append(cache.keys(layer), key);
    Expr values = append(cache.values(layer), value);
    return query.apply(
        new PagedAttention(scale, window), keys, values, blockTable, sequences, positions);
  }

  private Expr append(Expr table, Expr rows) {
    long[] extents = table.shape().toArray();
    Expr flat = table.reshape(extents[0] * extents[1], extents[2], extents[3]);
    return Expr.apply(new Scatter(Scatter.Mode.SET), List.of(flat, slots, rows.contiguous()))
        .getFirst()
        .reshape(extents);
  }

  /** The same step on the rows that want logits; without tokens of their own. */
  StepContext withRows(AdaptedRows others) {
    return new StepContext(
        others, tokens, positions, sequences, slots, blockTable, cache, observer);
  }

  @Override
  public void observe(String name, Expr value) {
    observer.accept(name, value);
  }
}
