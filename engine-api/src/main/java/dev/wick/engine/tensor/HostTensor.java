package dev.wick.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A tensor in host memory: its type and shape, and its elements, little-endian and contiguous, for
 * example mapped from a file. Whoever made the memory says how long it lives.
 */
public record HostTensor(TensorSpec spec, MemorySegment data) {
  public HostTensor {
    Objects.requireNonNull(spec, "spec");
    if (data.byteSize() != spec.byteSize()) {
      throw new IllegalArgumentException(
          "tensor: expected %d bytes for %s, got %d"
              .formatted(spec.byteSize(), spec, data.byteSize()));
    }
  }

  /** An F32 tensor over an array, which is not copied. */
  public static HostTensor of(float[] elements, long... extents) {
    return new HostTensor(TensorSpec.of(DType.F32, extents), MemorySegment.ofArray(elements));
  }

  /** The shape. */
  public Shape shape() {
    return spec.shape();
  }

  /**
   * The elements as F32.
   *
   * @throws IllegalArgumentException if the type is not F32, F16, BF16 or quantised
   */
  public float[] toFloatArray() {
    float[] result = new float[Math.toIntExact(spec.shape().size())];
    Widening.toFloat(data, spec, MemorySegment.ofArray(result));
    return result;
  }

  /**
   * Writes the elements as F32 to other memory.
   *
   * @param target of at least 4 bytes per element
   * @throws IllegalArgumentException if the type is not F32, F16, BF16 or quantised
   */
  public void toFloat(MemorySegment target) {
    Widening.toFloat(data, spec, target);
  }
}
