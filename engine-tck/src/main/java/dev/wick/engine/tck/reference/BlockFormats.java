package dev.wick.engine.tck.reference;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Expands blocks of 32 elements as GGUF stores them: an F16 scale, then 8 or 4 bits per element.
 */
final class BlockFormats {
  private static final int BLOCK = 32;

  private BlockFormats() {}

  static boolean supports(DType dtype) {
    return dtype == DType.Q8_0 || dtype == DType.Q4_0;
  }

  static void dequantize(Elements source, Elements result) {
    if (!source.layout().isContiguous()) {
      throw new IllegalArgumentException(
          "dequantize: expected contiguous blocks, got " + source.layout());
    }
    MemorySegment memory = source.memory();
    long blocks = source.shape().size() / BLOCK;
    for (long block = 0; block < blocks; block++) {
      long at = source.byteOffset() + block * source.dtype().blockBytes();
      double scale = Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
      for (int i = 0; i < BLOCK; i++) {
        result.set(block * BLOCK + i, scale * quant(source.dtype(), memory, at + 2, i));
      }
    }
  }

  /** The signed integer of an element; Q4_0 keeps the first half of a block in the low nibbles. */
  private static int quant(DType dtype, MemorySegment memory, long at, int i) {
    if (dtype == DType.Q8_0) {
      return memory.get(ValueLayout.JAVA_BYTE, at + i);
    }
    int pair = memory.get(ValueLayout.JAVA_BYTE, at + i % (BLOCK / 2));
    return (i < BLOCK / 2 ? pair & 15 : pair >> 4 & 15) - 8;
  }
}
