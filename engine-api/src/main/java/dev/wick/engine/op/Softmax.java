package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;

/** {@code exp(x - max) / sum(exp(x - max))} along the last axis, F32. */
public record Softmax() implements DifferentiableOp {
  @Override
  public String name() {
    return "softmax";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 1);
    Operands.dtype(this, operands, 0, DType.F32);
    Operands.check(
        this,
        operands,
        operands.get(0).shape().rank() >= 1 && operands.get(0).shape().extent(-1) > 0,
        "a last axis with elements");
    return operands;
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    Expr exp = x.sub(x.max(-1)).unary(Unary.Kind.EXP);
    return List.of(exp.div(exp.sum(-1)));
  }

  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    Expr y = backward.result(0);
    Expr gradient = backward.gradient(0);
    return Map.of(0, y.mul(gradient.sub(gradient.mul(y).sum(-1))));
  }
}
