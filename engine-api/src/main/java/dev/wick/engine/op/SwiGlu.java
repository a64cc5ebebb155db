package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;

/**
 * {@code silu(gate) · up}; Shazeer 2020, arXiv:2002.05202. Operands: gate and up F32 of one shape.
 */
public record SwiGlu() implements DifferentiableOp {
  @Override
  public String name() {
    return "swi_glu";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 2);
    Operands.dtype(this, operands, 0, DType.F32);
    Operands.check(
        this, operands, operands.get(0).equals(operands.get(1)), "gate and up of one shape");
    return List.of(operands.get(0));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    return List.of(operands.get(0).unary(Unary.Kind.SILU).mul(operands.get(1)));
  }

  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    List<Expr> gradients =
        Expr.apply(
            new SwiGluGradient(),
            List.of(backward.operand(0), backward.operand(1), backward.gradient(0)));
    return Map.of(0, gradients.get(0), 1, gradients.get(1));
  }
}
