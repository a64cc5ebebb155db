package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Combines the F32 elements along one axis, which stays with extent 1. SUM of nothing is 0; MAX and
 * MIN want at least one element and return NaN if any is NaN.
 *
 * @param axis negative counts from the end
 */
public record Reduce(Kind kind, int axis) implements PrimitiveOp {
  /** The combinations. */
  public enum Kind {
    SUM,
    MAX,
    MIN
  }

  public Reduce {
    Objects.requireNonNull(kind, "kind");
  }

  @Override
  public String name() {
    return "reduce_" + kind.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 1);
    Operands.dtype(this, operands, 0, DType.F32);
    Shape shape = operands.get(0).shape();
    Operands.check(
        this,
        operands,
        axis >= -shape.rank() && axis < shape.rank(),
        "an operand with axis " + axis);
    Operands.check(
        this,
        operands,
        kind == Kind.SUM || shape.extent(axis) > 0,
        "at least one element to reduce");
    return List.of(new TensorSpec(DType.F32, shape.with(axis, 1)));
  }
}
