package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** A function of each element, F32 to F32. */
public record Unary(Kind kind) implements PrimitiveOp {
  /** The functions. */
  public enum Kind {
    NEG,
    ABS,
    SQUARE,
    SQRT,
    /** {@code 1 / sqrt(x)}. */
    RSQRT,
    RECIPROCAL,
    EXP,
    LOG,
    SIN,
    COS,
    TANH,
    /** {@code 1 / (1 + exp(-x))}. */
    SIGMOID,
    /** {@code x * sigmoid(x)}; Elfwing et al. 2017, arXiv:1702.03118. */
    SILU
  }

  public Unary {
    Objects.requireNonNull(kind, "kind");
  }

  @Override
  public String name() {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 1);
    Operands.dtype(this, operands, 0, DType.F32);
    return operands;
  }
}
