package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.OptionalInt;

/**
 * Gradient of {@link SwiGlu}. Operands: gate, up, and the gradient of the result, F32 of one shape.
 * Results: the gradients of gate and up.
 */
public record SwiGluGradient() implements FusedOp {
  @Override
  public String name() {
    return "swi_glu_gradient";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 3);
    Operands.dtype(this, operands, 0, DType.F32);
    for (TensorSpec operand : operands) {
      Operands.check(
          this, operands, operand.equals(operands.get(0)), "gate, up and gradient of one shape");
    }
    return operands.subList(0, 2);
  }

  /** Each gradient may take the place of what it is the gradient of. */
  @Override
  public OptionalInt replaceableOperand(int result) {
    return OptionalInt.of(result);
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr gate = operands.get(0);
    Expr gradient = operands.get(2);
    Expr sigmoid = gate.unary(Unary.Kind.SIGMOID);
    Expr rest = gate.mul(sigmoid.mul(-1).add(1)).add(1); // 1 + gate (1 - sigmoid)
    return List.of(
        gradient.mul(operands.get(1)).mul(sigmoid.mul(rest)), gradient.mul(gate).mul(sigmoid));
  }
}
