package dev.wick.engine.tensor;

import java.util.Arrays;

/** Packs 256 numbers, as ggml's reference functions do. One thread at a time. */
final class SuperBlockEncoder {
  private static final int ELEMENTS = SuperBlocks.ELEMENTS;

  private final byte[] quants = new byte[ELEMENTS];
  private final float[] scales = new float[16];
  private final float[] mins = new float[16];
  private final float[] weights = new float[32];
  private final ScaleSearch search = new ScaleSearch();

  void pack(DType dtype, float[] x, byte[] block) {
    Arrays.fill(block, (byte) 0);
    switch (dtype) {
      case Q4_K -> fourBits(x, block);
      case Q5_K -> fiveBits(x, block);
      case Q6_K -> sixBits(x, block);
      default ->
          throw new IllegalArgumentException(
              "block: expected 256 elements to a block, got " + dtype);
    }
  }

  private void fourBits(float[] x, byte[] block) {
    scalesAndMins(x, block, 15, -1f, 20);
    for (int i = 0; i < ELEMENTS; i++) {
      block[16 + i / 64 * 32 + i % 32] |= (byte) (quants[i] << (i % 64 / 32 * 4));
    }
  }

  private void fiveBits(float[] x, byte[] block) {
    scalesAndMins(x, block, 31, -0.5f, 15);
    for (int i = 0; i < ELEMENTS; i++) {
      block[48 + i / 64 * 32 + i % 32] |= (byte) ((quants[i] & 15) << (i % 64 / 32 * 4));
      block[16 + i % 32] |= (byte) ((quants[i] >> 4) << (i / 32));
    }
  }

  /** Finds a scale and a minimum per 32 numbers, packs them in six bits each, and rounds again. */
  private void scalesAndMins(float[] x, byte[] block, int most, float first, int steps) {
    float largestScale = 0;
    float largestMin = 0;
    for (int g = 0; g < 8; g++) {
      float squares = 0;
      for (int i = 32 * g; i < 32 * g + 32; i++) {
        squares += x[i] * x[i];
      }
      float typical = (float) Math.sqrt(squares / 32);
      for (int i = 0; i < 32; i++) {
        weights[i] = typical + Math.abs(x[32 * g + i]);
      }
      scales[g] = search.withMin(x, 32 * g, 32, most, weights, quants, first, 0.1f, steps);
      mins[g] = search.min();
      largestScale = Math.max(largestScale, scales[g]);
      largestMin = Math.max(largestMin, mins[g]);
    }
    float inverseScale = largestScale > 0 ? 63 / largestScale : 0;
    float inverseMin = largestMin > 0 ? 63 / largestMin : 0;
    for (int g = 0; g < 8; g++) {
      int scale = Math.min(63, ScaleSearch.nearest(inverseScale * scales[g]) & 0xff);
      int min = Math.min(63, ScaleSearch.nearest(inverseMin * mins[g]) & 0xff);
      if (g < 4) {
        block[4 + g] |= (byte) scale;
        block[8 + g] |= (byte) min;
      } else {
        block[8 + g] = (byte) ((scale & 15) | ((min & 15) << 4));
        block[g] |= (byte) ((scale >> 4) << 6);
        block[4 + g] |= (byte) ((min >> 4) << 6);
      }
    }
    SmallBlockEncoder.putHalf(block, 0, largestScale / 63);
    SmallBlockEncoder.putHalf(block, 2, largestMin / 63);

    float blockScale = SmallBlocks.half(block, 0);
    float blockMin = SmallBlocks.half(block, 2);
    for (int g = 0; g < 8; g++) {
      float scale = blockScale * SuperBlocks.sixBitScale(block, 4, g);
      if (scale == 0) {
        continue;
      }
      float min = blockMin * SuperBlocks.sixBitMin(block, 4, g);
      for (int i = 32 * g; i < 32 * g + 32; i++) {
        quants[i] = (byte) Math.clamp(ScaleSearch.nearest((x[i] + min) / scale), 0, most);
      }
    }
  }

  private void sixBits(float[] x, byte[] block) {
    float largest = 0;
    float signed = 0;
    for (int g = 0; g < 16; g++) {
      scales[g] = search.symmetric(x, 16 * g, 16, 32, quants);
      if (Math.abs(scales[g]) > largest) {
        largest = Math.abs(scales[g]);
        signed = scales[g];
      }
    }
    if (largest < ScaleSearch.TINY) {
      return;
    }
    float inverse = -128 / signed;
    SmallBlockEncoder.putHalf(block, 208, 1 / inverse);
    float blockScale = SmallBlocks.half(block, 208);
    for (int g = 0; g < 16; g++) {
      block[192 + g] = (byte) Math.min(127, ScaleSearch.nearest(inverse * scales[g]));
      float scale = blockScale * block[192 + g];
      if (scale == 0) {
        continue;
      }
      for (int i = 16 * g; i < 16 * g + 16; i++) {
        quants[i] = (byte) (Math.clamp(ScaleSearch.nearest(x[i] / scale), -32, 31) + 32);
      }
    }
    for (int i = 0; i < ELEMENTS; i++) {
      int half = i / 128;
      int part = i % 128 / 32;
      int at = i % 32;
      block[64 * half + 32 * (part % 2) + at] |= (byte) ((quants[i] & 15) << (part / 2 * 4));
      block[128 + 32 * half + at] |= (byte) ((quants[i] >> 4) << (2 * part));
    }
  }
}
