package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Objects;

/**
 * Converts elements between F32, F16, BF16, I32 and BOOL. Narrowing floats rounds to nearest even;
 * F32 to I32 truncates towards zero and saturates, NaN becomes 0; to BOOL is {@code x != 0}.
 */
public record Cast(DType target) implements PrimitiveOp {
  public Cast {
    Objects.requireNonNull(target, "target");
  }

  @Override
  public String name() {
    return "cast";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 1);
    Operands.check(
        this,
        operands,
        isConvertible(operands.get(0).dtype()) && isConvertible(target),
        "conversion between F32, F16, BF16, I32 and BOOL (here to " + target + ")");
    return List.of(operands.get(0).withDType(target));
  }

  private static boolean isConvertible(DType dtype) {
    return switch (dtype) {
      case F32, F16, BF16, I32, BOOL -> true;
      default -> false;
    };
  }
}
