package dev.wick.lora.tensor;

import dev.wick.engine.tensor.HostTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Looks for NaN and infinity, in the stored type and several elements at a time. */
public final class FiniteCheck {
  private FiniteCheck() {}

  /** Whether all elements of an F32, F16 or BF16 tensor are finite. */
  public static boolean isFinite(HostTensor tensor) {
    return switch (tensor.spec().dtype()) {
      case F32 -> exponentsBelowAllOnes(tensor.data(), 32, 0x7f800000L, 0x00800000L);
      case BF16 -> exponentsBelowAllOnes(tensor.data(), 16, 0x7f80L, 0x0080L);
      case F16 -> exponentsBelowAllOnes(tensor.data(), 16, 0x7c00L, 0x0400L);
      default ->
          throw new IllegalArgumentException(
              "finite: expected F32, F16 or BF16, got " + tensor.spec());
    };
  }

  /**
   * Adds the lowest bit of the exponent to the exponent of each lane: it reaches the sign bit, and
   * nothing else does, if the exponent is all ones.
   */
  private static boolean exponentsBelowAllOnes(
      MemorySegment data, int laneBits, long exponent, long one) {
    long mask = spread(exponent, laneBits);
    long step = spread(one, laneBits);
    long sign = spread(1L << (laneBits - 1), laneBits);
    long seen = 0;
    long size = data.byteSize();
    long whole = size & -Long.BYTES;
    for (long i = 0; i < whole; i += Long.BYTES) {
      seen |= (data.get(ValueLayout.JAVA_LONG_UNALIGNED, i) & mask) + step;
    }
    if (whole < size) {
      seen |= (tail(data, whole, size) & mask) + step;
    }
    return (seen & sign) == 0;
  }

  private static long tail(MemorySegment data, long begin, long end) {
    long value = 0;
    for (long i = begin; i < end; i++) {
      value |= (data.get(ValueLayout.JAVA_BYTE, i) & 0xffL) << (8 * (i - begin));
    }
    return value;
  }

  private static long spread(long lane, int laneBits) {
    return laneBits == 32 ? lane | lane << 32 : lane * 0x0001000100010001L;
  }
}
