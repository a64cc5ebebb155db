package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;

/**
 * {@code y = x / sqrt(mean(x², last axis) + eps) · w}; Zhang and Sennrich 2019, arXiv:1910.07467.
 * Operands: x F32 [..., n], weight F32 [n].
 */
public record RmsNorm(float eps) implements DifferentiableOp {
  @Override
  public String name() {
    return "rms_norm";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 2);
    Operands.dtype(this, operands, 0, DType.F32);
    Operands.dtype(this, operands, 1, DType.F32);
    Operands.rank(this, operands, 1, 1);
    Operands.check(
        this,
        operands,
        operands.get(0).shape().rank() >= 1
            && operands.get(0).shape().extent(-1) == operands.get(1).shape().extent(0),
        "a weight that matches the last axis of x");
    return List.of(operands.get(0));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    Expr meanSquare = x.unary(Unary.Kind.SQUARE).mean(-1);
    return List.of(x.mul(meanSquare.add(eps).unary(Unary.Kind.RSQRT)).mul(operands.get(1)));
  }

  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    boolean ofWeight = backward.wants(1);
    List<Expr> gradients =
        Expr.apply(
            new RmsNormGradient(eps, ofWeight),
            List.of(backward.operand(0), backward.operand(1), backward.gradient(0)));
    return ofWeight
        ? Map.of(0, gradients.get(0), 1, gradients.get(1))
        : Map.of(0, gradients.get(0));
  }
}
