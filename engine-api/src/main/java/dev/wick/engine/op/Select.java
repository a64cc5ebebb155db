package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Element of the second operand where the BOOL condition holds, else of the third; all three
 * broadcast.
 */
public record Select() implements PrimitiveOp {
  @Override
  public String name() {
    return "select";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 3);
    Operands.dtype(this, operands, 0, DType.BOOL);
    DType dtype = operands.get(1).dtype();
    Operands.check(
        this,
        operands,
        dtype == operands.get(2).dtype() && (dtype == DType.F32 || dtype == DType.I32),
        "two F32 or two I32 choices");
    Shape choices = Shape.broadcast(operands.get(1).shape(), operands.get(2).shape());
    return List.of(new TensorSpec(dtype, Shape.broadcast(operands.get(0).shape(), choices)));
  }
}
