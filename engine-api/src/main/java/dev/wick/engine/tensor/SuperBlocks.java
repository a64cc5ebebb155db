package dev.wick.engine.tensor;

/** The types with 256 elements to a block and scales that are quantised too: the K-quants. */
final class SuperBlocks {
  static final int ELEMENTS = 256;

  private SuperBlocks() {}

  static void unpack(DType dtype, byte[] block, byte[] quants, float[] scales, float[] offsets) {
    switch (dtype) {
      case Q2_K -> {
        twoBits(block, 16, quants);
        float scale = SmallBlocks.half(block, 80);
        float min = SmallBlocks.half(block, 82);
        for (int g = 0; g < scales.length; g++) {
          scales[g] = scale * (block[g] & 15);
          offsets[g] = -(min * ((block[g] >> 4) & 15));
        }
      }
      case Q3_K -> {
        twoBits(block, 32, quants);
        for (int i = 0; i < ELEMENTS; i++) {
          int high = (block[i % 32] >> (i / 32)) & 1; // the mask comes first in the block
          quants[i] = (byte) (quants[i] - (high == 0 ? 4 : 0));
        }
        float scale = SmallBlocks.half(block, 108);
        for (int g = 0; g < scales.length; g++) {
          int low = (block[96 + g % 8] >> (g / 8 * 4)) & 15;
          int high = (block[104 + g % 4] >> (g / 4 * 2)) & 3;
          scales[g] = scale * ((low | (high << 4)) - 32);
        }
      }
      case Q4_K -> {
        fourBits(block, 16, quants);
        scalesAndMins(block, scales, offsets);
      }
      case Q5_K -> {
        fourBits(block, 48, quants);
        for (int i = 0; i < ELEMENTS; i++) {
          quants[i] += (byte) (((block[16 + i % 32] >> (i / 32)) & 1) << 4);
        }
        scalesAndMins(block, scales, offsets);
      }
      case Q6_K -> {
        for (int i = 0; i < ELEMENTS; i++) {
          int half = i / 128;
          int part = i % 128 / 32;
          int at = i % 32;
          int low = (block[64 * half + 32 * (part % 2) + at] >> (part / 2 * 4)) & 15;
          int high = (block[128 + 32 * half + at] >> (2 * part)) & 3;
          quants[i] = (byte) ((low | (high << 4)) - 32);
        }
        float scale = SmallBlocks.half(block, 208);
        for (int g = 0; g < scales.length; g++) {
          scales[g] = scale * block[192 + g];
        }
      }
      default ->
          throw new IllegalArgumentException(
              "block: expected 256 elements to a block, got " + dtype);
    }
  }

  /** Two bits each: of 32 bytes the lowest two bits, then the next two, and so on. */
  private static void twoBits(byte[] block, int at, byte[] quants) {
    for (int i = 0; i < ELEMENTS; i++) {
      quants[i] = (byte) ((block[at + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3);
    }
  }

  /** Four bits each: the low ones of 32 bytes, then the high ones. */
  private static void fourBits(byte[] block, int at, byte[] quants) {
    for (int i = 0; i < ELEMENTS; i++) {
      quants[i] = (byte) ((block[at + i / 64 * 32 + i % 32] >> (i % 64 / 32 * 4)) & 15);
    }
  }

  /** Scales and offsets of Q4_K and Q5_K. */
  private static void scalesAndMins(byte[] block, float[] scales, float[] offsets) {
    float scale = SmallBlocks.half(block, 0);
    float min = SmallBlocks.half(block, 2);
    for (int g = 0; g < scales.length; g++) {
      scales[g] = scale * sixBitScale(block, 4, g);
      offsets[g] = -(min * sixBitMin(block, 4, g));
    }
  }

  /**
   * Scale of a group of eight, six bits: those of the first four lie in the low bits of bytes 0 to
   * 3, those of the others in the low halves of bytes 8 to 11 and the top bits of bytes 0 to 3.
   */
  static int sixBitScale(byte[] block, int at, int group) {
    return group < 4
        ? block[at + group] & 63
        : (block[at + group + 4] & 15) | ((block[at + group - 4] & 0xc0) >> 2);
  }

  /** Likewise the minimum of a group, in bytes 4 to 7, the high halves of 8 to 11, and so on. */
  static int sixBitMin(byte[] block, int at, int group) {
    return group < 4
        ? block[at + group + 4] & 63
        : ((block[at + group + 4] >> 4) & 15) | ((block[at + group] & 0xc0) >> 2);
  }
}
