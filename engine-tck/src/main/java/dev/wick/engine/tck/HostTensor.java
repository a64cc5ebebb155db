package dev.wick.engine.tck;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.random.RandomGenerator;

/** A tensor on the host: contiguous, little-endian, in row-major order. */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode look into the array
record HostTensor(TensorSpec spec, byte[] bytes) {
  HostTensor {
    if (bytes.length != spec.byteSize()) {
      throw new IllegalArgumentException(
          "tensor: expected %d bytes for %s, got %d"
              .formatted(spec.byteSize(), spec, bytes.length));
    }
  }

  static HostTensor zeros(TensorSpec spec) {
    return new HostTensor(spec, new byte[Math.toIntExact(spec.byteSize())]);
  }

  /** Elements in F32, F16, BF16, I32 or BOOL, each from its index. */
  static HostTensor of(TensorSpec spec, IntToDoubleFunction element) {
    HostTensor tensor = zeros(spec);
    for (int i = 0; i < tensor.size(); i++) {
      tensor.set(i, element.applyAsDouble(i));
    }
    return tensor;
  }

  /** Normally distributed numbers around 0. */
  static HostTensor normal(RandomGenerator random, DType dtype, long... extents) {
    return of(TensorSpec.of(dtype, extents), i -> random.nextGaussian());
  }

  /** Evenly distributed numbers. */
  static HostTensor uniform(RandomGenerator random, double low, double high, long... extents) {
    return of(TensorSpec.of(DType.F32, extents), i -> random.nextDouble(low, high));
  }

  /** I32 numbers in {@code 0 .. bound - 1}. */
  static HostTensor indices(RandomGenerator random, long bound, long... extents) {
    return of(TensorSpec.of(DType.I32, extents), i -> random.nextLong(Math.max(1, bound)));
  }

  /** Any bits, for operations that only move elements. */
  static HostTensor bits(RandomGenerator random, DType dtype, long... extents) {
    HostTensor tensor = zeros(TensorSpec.of(dtype, extents));
    random.nextBytes(tensor.bytes);
    return tensor;
  }

  int size() {
    return Math.toIntExact(spec.shape().size());
  }

  DType dtype() {
    return spec.dtype();
  }

  MemorySegment segment() {
    return MemorySegment.ofArray(bytes);
  }

  double number(int index) {
    MemorySegment memory = segment();
    long at = (long) index * dtype().blockBytes();
    return switch (dtype()) {
      case F32 -> memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
      case F16 -> Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
      case BF16 ->
          Float.intBitsToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) << Short.SIZE);
      case I32 -> memory.get(ValueLayout.JAVA_INT_UNALIGNED, at);
      case BOOL -> bytes[index];
      default -> throw new IllegalArgumentException("tensor: expected numbers, got " + spec);
    };
  }

  private void set(int index, double number) {
    MemorySegment memory = segment();
    long at = (long) index * dtype().blockBytes();
    switch (dtype()) {
      case F32 -> memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, (float) number);
      case F16 ->
          memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16((float) number));
      case BF16 -> {
        // Cut off: any BF16 number will do.
        int bits = Float.floatToRawIntBits((float) number);
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) (bits >>> Short.SIZE));
      }
      case I32 -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, at, (int) number);
      case BOOL -> bytes[index] = (byte) (number == 0 ? 0 : 1);
      default -> throw new IllegalArgumentException("tensor: expected numbers, got " + spec);
    }
  }

  boolean sameBits(HostTensor other) {
    return spec.equals(other.spec) && Arrays.equals(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HostTensor tensor && sameBits(tensor);
  }

  @Override
  public int hashCode() {
    return 31 * spec.hashCode() + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return spec.toString();
  }
}
