package dev.wick.engine.tck;

import dev.wick.engine.op.Op;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Something that a backend says it does not do. The kit checks that the answer is then a clean no:
 * {@code supports} is false and {@code submit} throws.
 *
 * @param op name of the operation, or empty for any
 * @param dtype type of an operand or result, or empty for any
 */
public record Gap(Optional<String> op, Optional<DType> dtype) {
  public Gap {
    Objects.requireNonNull(op, "op");
    Objects.requireNonNull(dtype, "dtype");
    if (op.isEmpty() && dtype.isEmpty()) {
      throw new IllegalArgumentException("gap: expected an operation or a type, got neither");
    }
  }

  /** An operation is not done on any type. */
  public static Gap op(String name) {
    return new Gap(Optional.of(name), Optional.empty());
  }

  /** No operation is done that reads or writes a type. */
  public static Gap dtype(DType dtype) {
    return new Gap(Optional.empty(), Optional.of(dtype));
  }

  /** This gap in one operation only, for example {@code Gap.dtype(BF16).on("mat_mul")}. */
  public Gap on(String name) {
    return new Gap(Optional.of(name), dtype);
  }

  boolean covers(Op candidate, List<TensorSpec> operands) {
    if (op.isPresent() && !op.get().equals(candidate.name())) {
      return false;
    }
    return dtype.isEmpty()
        || operands.stream().anyMatch(spec -> spec.dtype() == dtype.get())
        || candidate.infer(operands).stream().anyMatch(spec -> spec.dtype() == dtype.get());
  }
}
