package dev.wick.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Conversion between F32 and the quantised types of GGUF.
 *
 * <p>Decoding gives exactly ggml's numbers. Encoding follows its reference functions ({@code
 * quantize_row_*_ref}), without weights of importance, in the same order of F32 operations.
 */
public final class Quantization {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Quantization() {}

  /** Whether {@link #encode} knows a type. */
  public static boolean encodes(DType dtype) {
    return switch (dtype) {
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> true;
      default -> false;
    };
  }

  /**
   * Expands neighbouring blocks to F32.
   *
   * @param elements a multiple of the type's block
   * @throws IllegalArgumentException if the type is not quantised
   */
  public static void decode(
      DType dtype,
      MemorySegment source,
      long offset,
      MemorySegment target,
      long targetOffset,
      long elements) {
    QuantizedBlock block = new QuantizedBlock(dtype);
    long end = offset + dtype.byteSize(elements);
    long to = targetOffset;
    for (long at = offset; at < end; at += dtype.blockBytes()) {
      block.read(source, at);
      block.toFloat(target, to);
      to += 4L * dtype.blockElements();
    }
  }

  /**
   * Packs F32 numbers into neighbouring blocks.
   *
   * @param elements a multiple of the type's block
   * @throws IllegalArgumentException if {@link #encodes} is false for the type, or a number is not
   *     finite or so large that its scale does not fit in F16
   */
  public static void encode(
      DType dtype,
      MemorySegment source,
      long offset,
      MemorySegment target,
      long targetOffset,
      long elements) {
    if (!encodes(dtype)) {
      throw new IllegalArgumentException(
          "quantize: expected Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K, got " + dtype);
    }
    float[] x = new float[dtype.blockElements()];
    byte[] block = new byte[dtype.blockBytes()];
    long end = targetOffset + dtype.byteSize(elements);
    SuperBlockEncoder superBlocks =
        new SuperBlockEncoder(); // scratch that is small beside a row of weights
    long from = offset;
    for (long to = targetOffset; to < end; to += block.length) {
      MemorySegment.copy(source, FLOAT, from, x, 0, x.length);
      checkFinite(x);
      if (x.length == SmallBlocks.ELEMENTS) {
        SmallBlockEncoder.pack(dtype, x, block);
      } else {
        superBlocks.pack(dtype, x, block);
      }
      MemorySegment.copy(block, 0, target, ValueLayout.JAVA_BYTE, to, block.length);
      from += 4L * x.length;
    }
  }

  private static void checkFinite(float[] x) {
    for (float value : x) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("quantize: expected finite numbers, got " + value);
      }
    }
  }
}
