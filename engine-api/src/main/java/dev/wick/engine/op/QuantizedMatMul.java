package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;

/**
 * Product with a matrix that stays in its quantised blocks: x F32 [..., m, k], weight of a
 * quantised type [n, k] for {@code x · Wᵀ}, as a linear layer has it, or [k, n] for {@code x · W},
 * its gradient; result F32 [..., m, n].
 *
 * <p>The weight is contiguous, as quantised tensors are, and no gradient reaches it.
 *
 * @param transposed whether the weight counts as transposed
 */
public record QuantizedMatMul(boolean transposed) implements DifferentiableOp {
  @Override
  public String name() {
    return "quantized_mat_mul";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 2);
    Operands.dtype(this, operands, 0, DType.F32);
    Operands.rank(this, operands, 1, 2);
    Shape x = operands.get(0).shape();
    TensorSpec weight = operands.get(1);
    Operands.check(this, operands, x.rank() >= 2, "x of rank 2 or more");
    Operands.check(this, operands, Operands.isBlocked(weight), "a weight in whole blocks");
    int inner = transposed ? 1 : 0;
    Operands.check(
        this, operands, x.extent(-1) == weight.shape().extent(inner), "equal inner extents");
    return List.of(new TensorSpec(DType.F32, x.with(-1, weight.shape().extent(1 - inner))));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr weight = operands.get(1).apply(new Dequantize());
    return List.of(operands.get(0).matMul(transposed ? weight.transpose(0, 1) : weight));
  }

  /** The same weight seen the other way round. */
  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    return backward.wants(0)
        ? Map.of(
            0,
            backward
                .gradient(0)
                .contiguous()
                .apply(new QuantizedMatMul(!transposed), backward.operand(1)))
        : Map.of();
  }
}
