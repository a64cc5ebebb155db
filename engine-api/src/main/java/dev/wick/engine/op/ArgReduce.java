package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * I32 index of the largest or smallest F32 element along one axis, which stays with extent 1; the
 * first of equals. A NaN counts as the extreme, as in NumPy.
 *
 * @param axis negative counts from the end
 */
public record ArgReduce(Kind kind, int axis) implements PrimitiveOp {
  /** Which extreme. */
  public enum Kind {
    MAX,
    MIN
  }

  public ArgReduce {
    Objects.requireNonNull(kind, "kind");
  }

  @Override
  public String name() {
    return "arg_" + kind.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 1);
    Operands.dtype(this, operands, 0, DType.F32);
    Shape shape = operands.get(0).shape();
    Operands.check(
        this,
        operands,
        axis >= -shape.rank() && axis < shape.rank() && shape.extent(axis) > 0,
        "an operand with elements along axis " + axis);
    return List.of(new TensorSpec(DType.I32, shape.with(axis, 1)));
  }
}
