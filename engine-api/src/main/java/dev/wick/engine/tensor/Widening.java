package dev.wick.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Exact conversion of stored floats to F32 on the host. */
final class Widening {
  private Widening() {}

  static void toFloat(MemorySegment source, TensorSpec spec, MemorySegment target) {
    long size = spec.shape().size();
    switch (spec.dtype()) {
      case F32 -> MemorySegment.copy(source, 0, target, 0, 4 * size);
      case BF16 -> {
        for (long i = 0; i < size; i++) {
          int bits = source.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i) << 16;
          target.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, bits);
        }
      }
      case F16 -> {
        for (long i = 0; i < size; i++) {
          short bits = source.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i);
          target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, Float.float16ToFloat(bits));
        }
      }
      default ->
          throw new IllegalArgumentException("widen: expected F32, F16 or BF16, got " + spec);
    }
  }
}
