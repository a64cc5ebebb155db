package dev.wick.engine.tensor;

import java.util.Arrays;

/** Packs 32 numbers, as ggml's reference functions do. */
final class SmallBlockEncoder {
  private static final int ELEMENTS = SmallBlocks.ELEMENTS;
  private static final int HALF = SmallBlocks.HALF;

  private SmallBlockEncoder() {}

  static void pack(DType dtype, float[] x, byte[] block) {
    Arrays.fill(block, (byte) 0);
    switch (dtype) {
      case Q8_0 -> eightBits(x, block);
      case Q4_0 -> symmetric(x, block, 4, 2);
      case Q5_0 -> symmetric(x, block, 5, 6);
      case Q4_1 -> shifted(x, block, 4, 4);
      case Q5_1 -> shifted(x, block, 5, 8);
      default ->
          throw new IllegalArgumentException(
              "block: expected 32 elements to a block, got " + dtype);
    }
  }

  private static void eightBits(float[] x, byte[] block) {
    float largest = 0;
    for (float value : x) {
      largest = Math.max(largest, Math.abs(value));
    }
    float scale = largest / 127;
    float inverse = scale == 0 ? 0 : 1 / scale;
    putHalf(block, 0, scale);
    for (int i = 0; i < ELEMENTS; i++) {
      double scaled = x[i] * inverse;
      block[2 + i] = (byte) (scaled + Math.copySign(0.5, scaled)); // halves away from 0
    }
  }

  /** The number of the largest magnitude becomes the lowest integer, which has no counterpart. */
  private static void symmetric(float[] x, byte[] block, int bits, int at) {
    float largest = 0;
    float signed = 0;
    for (float value : x) {
      if (largest < Math.abs(value)) {
        largest = Math.abs(value);
        signed = value;
      }
    }
    int zero = 1 << (bits - 1);
    float scale = signed / -zero;
    float inverse = scale == 0 ? 0 : 1 / scale;
    putHalf(block, 0, scale);
    int most = (1 << bits) - 1;
    for (int i = 0; i < ELEMENTS; i++) {
      int quant = Math.min(most, (byte) (x[i] * inverse + (zero + 0.5f)));
      put(block, at, bits, i, quant);
    }
  }

  private static void shifted(float[] x, byte[] block, int bits, int at) {
    float low = Float.MAX_VALUE;
    float high = -Float.MAX_VALUE;
    for (float value : x) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    int most = (1 << bits) - 1;
    float scale = (high - low) / most;
    float inverse = scale == 0 ? 0 : 1 / scale;
    putHalf(block, 0, scale);
    putHalf(block, 2, low);
    for (int i = 0; i < ELEMENTS; i++) {
      int quant = Math.min(most, (byte) ((x[i] - low) * inverse + 0.5f));
      put(block, at, bits, i, quant);
    }
  }

  /** Four bits in the nibbles that start at a byte, a fifth in the four bytes before. */
  private static void put(byte[] block, int at, int bits, int element, int quant) {
    block[at + element % HALF] |= (byte) ((quant & 15) << (element / HALF * 4));
    if (bits == 5) {
      block[at - 4 + element / Byte.SIZE] |= (byte) ((quant >> 4) << (element % Byte.SIZE));
    }
  }

  static void putHalf(byte[] block, int at, float value) {
    short bits = Float.floatToFloat16(value);
    if (!Float.isFinite(Float.float16ToFloat(bits))) {
      throw new IllegalArgumentException(
          "quantize: expected numbers whose scale fits in F16, got a scale of " + value);
    }
    block[at] = (byte) bits;
    block[at + 1] = (byte) (bits >> Byte.SIZE);
  }
}
