package dev.wick.engine.tck;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.random.RandomGenerator;

/** A tensor on the host: contiguous, little-endian, in row-major order. */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode look into the array
record HostTensor(TensorSpec spec, byte[] bytes) {
  private static final VarHandle FLOATS = bytesAs(float[].class);
  private static final VarHandle INTS = bytesAs(int[].class);
  private static final VarHandle SHORTS = bytesAs(short[].class);

  HostTensor {
    if (bytes.length != spec.byteSize()) {
      throw new IllegalArgumentException(
          "tensor: expected %d bytes for %s, got %d"
              .formatted(spec.byteSize(), spec, bytes.length));
    }
  }

  private static VarHandle bytesAs(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
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
    int at = index * dtype().blockBytes();
    return switch (dtype()) {
      case F32 -> (float) FLOATS.get(bytes, at);
      case F16 -> Float.float16ToFloat((short) SHORTS.get(bytes, at));
      case BF16 -> Float.intBitsToFloat((short) SHORTS.get(bytes, at) << Short.SIZE);
      case I32 -> (int) INTS.get(bytes, at);
      case BOOL -> bytes[index];
      default -> throw new IllegalArgumentException("tensor: expected numbers, got " + spec);
    };
  }

  private void set(int index, double number) {
    int at = index * dtype().blockBytes();
    switch (dtype()) {
      case F32 -> FLOATS.set(bytes, at, (float) number);
      case F16 -> SHORTS.set(bytes, at, Float.floatToFloat16((float) number));
      case BF16 -> {
        // Cut off: any BF16 number will do.
        int bits = Float.floatToRawIntBits((float) number);
        SHORTS.set(bytes, at, (short) (bits >>> Short.SIZE));
      }
      case I32 -> INTS.set(bytes, at, (int) number);
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
