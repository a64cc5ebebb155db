package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;

/** {@code log(sum(exp(x)))} along the last axis, F32 [..., n] to [..., 1], safe from overflow. */
public record LogSumExp() implements DifferentiableOp {
  @Override
  public String name() {
    return "log_sum_exp";
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
    return List.of(operands.get(0).withShape(operands.get(0).shape().with(-1, 1)));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    Expr max = x.max(-1);
    return List.of(x.sub(max).unary(Unary.Kind.EXP).sum(-1).unary(Unary.Kind.LOG).add(max));
  }

  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    Expr softmax = backward.operand(0).sub(backward.result(0)).unary(Unary.Kind.EXP);
    return Map.of(0, softmax.mul(backward.gradient(0)));
  }
}
