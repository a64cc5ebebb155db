package dev.wick.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Packs what a model computes into Q8_0 while it computes: from memory to memory, without arrays,
 * and without a number that is refused.
 */
final class EightBitBlocks {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int BLOCK_BYTES = DType.Q8_0.blockBytes();
  private static final short NAN = 0x7e00;

  private EightBitBlocks() {}

  static void pack(
      MemorySegment source, long offset, MemorySegment target, long targetOffset, long elements) {
    long from = offset;
    long end = targetOffset + DType.Q8_0.byteSize(elements);
    for (long to = targetOffset; to < end; to += BLOCK_BYTES) {
      packBlock(source, from, target, to);
      from += 4L * SmallBlocks.ELEMENTS;
    }
  }

  /** The arithmetic of {@link SmallBlockEncoder}. */
  private static void packBlock(MemorySegment x, long from, MemorySegment block, long to) {
    float largest = 0;
    for (int i = 0; i < SmallBlocks.ELEMENTS; i++) {
      largest = Math.max(largest, Math.abs(x.get(FLOAT, from + 4L * i))); // NaN if there is one
    }
    float scale = largest / 127;
    short half = Float.floatToFloat16(scale);
    if (!Float.isFinite(Float.float16ToFloat(half))) {
      block.set(SHORT, to, NAN);
      block.asSlice(to + 2, SmallBlocks.ELEMENTS).fill((byte) 0);
      return;
    }
    float inverse = scale == 0 ? 0 : 1 / scale;
    block.set(SHORT, to, half);
    for (int i = 0; i < SmallBlocks.ELEMENTS; i++) {
      float scaled = x.get(FLOAT, from + 4L * i) * inverse;
      byte quant = (byte) (scaled + Math.copySign(0.5, scaled)); // in F64: halves away from 0
      block.set(ValueLayout.JAVA_BYTE, to + 2 + i, quant);
    }
  }
}
