package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A comparison of two elements under broadcasting, both F32 or both I32, to BOOL; false where a
 * side is NaN, except NE.
 */
public record Compare(Kind kind) implements PrimitiveOp {
  /** The relations. */
  public enum Kind {
    EQ,
    NE,
    LT,
    LE,
    GT,
    GE
  }

  public Compare {
    Objects.requireNonNull(kind, "kind");
  }

  @Override
  public String name() {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 2);
    DType dtype = operands.get(0).dtype();
    Operands.check(
        this,
        operands,
        dtype == operands.get(1).dtype() && (dtype == DType.F32 || dtype == DType.I32),
        "two F32 or two I32 operands");
    return List.of(
        new TensorSpec(
            DType.BOOL, Shape.broadcast(operands.get(0).shape(), operands.get(1).shape())));
  }
}
