package dev.wick.engine.model;

import dev.wick.engine.op.Expr;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.Scatter;
import java.util.List;
import java.util.function.BiConsumer;

/** What a forward pass is given: the step's tokens, where they stand, and the key-value cache. */
public final class StepInputs {
  private final Expr tokens;
  private final Expr positions;
  private final Expr sequences;
  private final Expr slots;
  private final Expr blockTable;
  private final KvCache cache;
  private final BiConsumer<String, Expr> observer;

  StepInputs(
      Expr tokens,
      Expr positions,
      Expr sequences,
      Expr slots,
      Expr blockTable,
      KvCache cache,
      BiConsumer<String, Expr> observer) {
    this.tokens = tokens;
    this.positions = positions;
    this.sequences = sequences;
    this.slots = slots;
    this.blockTable = blockTable;
    this.cache = cache;
    this.observer = observer;
  }

  /** Token ids, I32 [tokens]. */
  public Expr tokens() {
    return tokens;
  }

  /** Position of each token in its sequence, I32 [tokens]. */
  public Expr positions() {
    return positions;
  }

  /**
   * Appends keys and values to a layer's cache and attends over it.
   *
   * @param query [tokens, heads, headDim]
   * @param key [tokens, kvHeads, headDim]
   * @param value [tokens, kvHeads, valueDim]
   * @param scale factor on the scores
   * @param window positions that a token sees, 0 for all
   * @return [tokens, heads, valueDim]
   */
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

  /** Shows a value to whoever inspects the model; does nothing in ordinary steps. */
  public void observe(String name, Expr value) {
    observer.accept(name, value);
  }
}
