package dev.wick.engine.model;

import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** Serving: a step's tokens, where they stand, and the key-value cache. */
final class StepContext implements ForwardContext {
  private final Expr tokens;
  private final Expr positions;
  private final Expr sequences;
  private final Expr slots;
  private final Expr blockTable;
  private final KvCache cache;
  private final BiConsumer<String, Expr> observer;

  StepContext(
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

  @Override
  public Expr positions() {
    return positions;
  }

  @Override
  public Expr embed(Parameter table) {
    return table.tensor().gather(tokens).cast(DType.F32);
  }

  @Override
  public Expr linear(Linear layer, Expr x) {
    Expr y = x.matMul(layer.weight().tensor().transpose(0, 1));
    return layer.bias().isPresent() ? y.add(layer.bias().get().tensor()) : y;
  }

  @Override
  public Expr experts(List<Linear> layers, Expr x, Expr chosen) {
    List<Expr> operands = new ArrayList<>(layers.size() + 2);
    operands.add(x);
    operands.add(chosen);
    layers.forEach(layer -> operands.add(layer.weight().tensor()));
    return Expr.apply(new ExpertMatMul(), operands).getFirst();
  }

  @Override
  public Expr rmsNorm(Expr x, Parameter weight, float eps) {
    return x.rmsNorm(weight.tensor(), eps);
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

  @Override
  public void observe(String name, Expr value) {
    observer.accept(name, value);
  }
}
