package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A function of two elements under broadcasting, both F32 or both I32. I32 arithmetic wraps; I32
 * DIV truncates.
 */
public record Binary(Kind kind) implements PrimitiveOp {
  /** The functions. MAX and MIN return NaN if either side is NaN. */
  public enum Kind {
    ADD,
    SUB,
    MUL,
    DIV,
    MAX,
    MIN,
    /** {@code x} to the power of {@code y}; F32 only. */
    POW
  }

  public Binary {
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
        dtype == operands.get(1).dtype()
            && (dtype == DType.F32 || (dtype == DType.I32 && kind != Kind.POW)),
        kind == Kind.POW ? "two F32 operands" : "two F32 or two I32 operands");
    return List.of(
        new TensorSpec(dtype, Shape.broadcast(operands.get(0).shape(), operands.get(1).shape())));
  }
}
