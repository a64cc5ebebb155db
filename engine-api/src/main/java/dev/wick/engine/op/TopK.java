package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The k largest elements along the last axis, largest first, of equals the one with the lower index
 * first: F32 [..., n] to values F32 [..., k] and indices I32 [..., k].
 */
public record TopK(int k) implements DifferentiableOp {
  public TopK {
    if (k < 1) {
      throw new IllegalArgumentException("top_k: expected k of at least 1, got " + k);
    }
  }

  @Override
  public String name() {
    return "top_k";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 1);
    Operands.dtype(this, operands, 0, DType.F32);
    TensorSpec x = operands.get(0);
    Operands.check(
        this,
        operands,
        x.shape().rank() >= 1 && x.shape().extent(-1) >= k,
        "a last axis of at least " + k);
    TensorSpec values = x.withShape(x.shape().with(-1, k));
    return List.of(values, values.withDType(DType.I32));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    Expr columns = x.range(x.extent(-1));
    Expr nothing = x.constant(0);
    Expr lowest = x.constant(Double.NEGATIVE_INFINITY);
    // Only elements that are taken already are at minus infinity.
    Expr rest = x.apply(new Binary(Binary.Kind.MAX), x.constant(-Float.MAX_VALUE));
    List<Expr> values = new ArrayList<>();
    List<Expr> indices = new ArrayList<>();
    for (int i = 0; i < k; i++) {
      Expr index = rest.argMax(-1);
      Expr here = columns.compare(Compare.Kind.EQ, index);
      values.add(here.select(x, nothing).sum(-1));
      indices.add(index);
      rest = here.select(lowest, rest);
    }
    return List.of(
        Expr.apply(new Copy(-1), values).getFirst(), Expr.apply(new Copy(-1), indices).getFirst());
  }

  /** Of the values; each goes back to where it was taken from. */
  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    Expr indices = backward.result(1);
    TensorSpec x = backward.operand(0).spec();
    long columns = x.shape().extent(-1);
    long rows = x.shape().without(-1).size();
    Iota starts = new Iota(DType.I32, rows, 0, columns);
    Expr start = indices.evaluator().apply(starts, List.of()).getFirst().reshape(rows, 1);
    Expr places = indices.reshape(rows, k).add(start).reshape(rows * k);
    Expr gradient =
        backward
            .zeros(TensorSpec.of(DType.F32, rows * columns))
            .apply(new Scatter(Scatter.Mode.ADD), places, backward.gradient(0).reshape(rows * k));
    return Map.of(0, gradient.reshape(x.shape().toArray()));
  }
}
