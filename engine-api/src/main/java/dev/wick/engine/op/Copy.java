package dev.wick.engine.op;

import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Joins one or more operands of the same type along an axis into a contiguous result; with one
 * operand, makes a strided view contiguous. Any plain (not quantised) type.
 *
 * @param axis negative counts from the end; not looked at with one operand
 */
public record Copy(int axis) implements PrimitiveOp {
  @Override
  public String name() {
    return "copy";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.check(this, operands, !operands.isEmpty(), "at least one operand");
    TensorSpec first = operands.get(0);
    Operands.check(this, operands, !first.dtype().isQuantized(), "a plain type");
    if (operands.size() == 1) {
      return operands;
    }
    Shape shape = first.shape();
    Operands.check(
        this, operands, axis >= -shape.rank() && axis < shape.rank(), "operands with axis " + axis);
    long extent = 0;
    for (TensorSpec operand : operands) {
      Operands.check(
          this,
          operands,
          operand.dtype() == first.dtype()
              && operand.shape().rank() == shape.rank()
              && operand.shape().without(axis).equals(shape.without(axis)),
          "operands of one type that differ at most along axis " + axis);
      extent += operand.shape().extent(axis);
    }
    return List.of(first.withShape(shape.with(axis, extent)));
  }
}
