package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * The arithmetic progression {@code start + i * step} [length], F32 or I32; with step 0 a constant.
 * No operands.
 *
 * @param length number of elements
 */
public record Iota(DType dtype, long length, double start, double step) implements PrimitiveOp {
  public Iota {
    if ((dtype != DType.F32 && dtype != DType.I32) || length < 0) {
      throw new IllegalArgumentException(
          "iota: expected F32 or I32 and a length of at least 0, got %s[%d]"
              .formatted(dtype, length));
    }
  }

  @Override
  public String name() {
    return "iota";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 0);
    return List.of(TensorSpec.of(dtype, length));
  }
}
