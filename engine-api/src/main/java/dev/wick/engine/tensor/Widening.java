package dev.wick.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Exact conversion of stored floats and blocks to F32 on the host. */
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
      case F64, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
          throw new IllegalArgumentException(
              "widen: expected F32, F16, BF16 or a quantised type, got " + spec);
      case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL ->
          Quantization.decode(spec.dtype(), source, 0, target, 0, size);
    }
  }
}
