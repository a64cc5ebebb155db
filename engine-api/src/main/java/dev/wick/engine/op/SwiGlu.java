package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * {@code silu(gate) · up}; Shazeer 2020, arXiv:2002.05202. Operands: gate and up F32 of one shape.
 */
public record SwiGlu() implements FusedOp {
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
}
