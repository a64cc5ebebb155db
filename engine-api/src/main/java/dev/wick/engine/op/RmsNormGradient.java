package dev.wick.engine.op;

import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Gradient of {@link RmsNorm}. Operands: x F32 [..., n], weight F32 [n], and the gradient of the
 * result, F32 in the shape of x. Results: the gradient of x; and that of the weight, if asked for.
 *
 * @param eps as of the norm
 * @param ofWeight whether the gradient of the weight is a second result
 */
public record RmsNormGradient(float eps, boolean ofWeight) implements FusedOp {
  @Override
  public String name() {
    return "rms_norm_gradient";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 3);
    new RmsNorm(eps).infer(operands.subList(0, 2));
    Operands.check(
        this, operands, operands.get(2).equals(operands.get(0)), "a gradient in the shape of x");
    return ofWeight ? operands.subList(0, 2) : operands.subList(0, 1);
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    Expr weight = operands.get(1);
    Expr gradient = operands.get(2);
    Expr factor = x.unary(Unary.Kind.SQUARE).mean(-1).add(eps).unary(Unary.Kind.RSQRT); // [..., 1]
    Expr normed = x.mul(factor);
    Expr outer = gradient.mul(weight);
    Expr pull = outer.mul(normed).mean(-1);
    Expr ofX = outer.sub(normed.mul(pull)).mul(factor);
    if (!ofWeight) {
      return List.of(ofX);
    }
    long n = weight.extent(0);
    long rows = n == 0 ? 0 : x.shape().size() / n;
    return List.of(ofX, gradient.mul(normed).reshape(rows, n).sum(0).reshape(n));
  }
}
