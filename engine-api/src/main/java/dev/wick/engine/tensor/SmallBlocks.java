package dev.wick.engine.tensor;

/** The types with 32 elements to a block: their layout, as ggml defines it. */
final class SmallBlocks {
  static final int ELEMENTS = 32;
  static final int HALF = 16;

  /** What the four bits of IQ4_NL stand for: finer around 0, as weights are. */
  private static final byte[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private SmallBlocks() {}

  static void unpack(DType dtype, byte[] block, byte[] quants, float[] scales, float[] offsets) {
    scales[0] = half(block, 0);
    switch (dtype) {
      case Q8_0 -> System.arraycopy(block, 2, quants, 0, ELEMENTS);
      case Q4_0 -> nibbles(block, 2, 8, quants);
      case Q4_1 -> {
        offsets[0] = half(block, 2);
        nibbles(block, 4, 0, quants);
      }
      case Q5_0 -> {
        nibbles(block, 6, 16, quants);
        addFifthBits(block, 2, quants);
      }
      case Q5_1 -> {
        offsets[0] = half(block, 2);
        nibbles(block, 8, 0, quants);
        addFifthBits(block, 4, quants);
      }
      case IQ4_NL -> {
        nibbles(block, 2, 0, quants);
        for (int i = 0; i < ELEMENTS; i++) {
          quants[i] = NON_LINEAR[quants[i]];
        }
      }
      default ->
          throw new IllegalArgumentException(
              "block: expected 32 elements to a block, got " + dtype);
    }
  }

  static float half(byte[] block, int at) {
    return Float.float16ToFloat((short) ((block[at] & 0xff) | (block[at + 1] << Byte.SIZE)));
  }

  /** Four bits each: the low ones of 16 bytes, then the high ones. */
  private static void nibbles(byte[] block, int at, int zero, byte[] quants) {
    for (int i = 0; i < HALF; i++) {
      quants[i] = (byte) ((block[at + i] & 15) - zero);
      quants[HALF + i] = (byte) (((block[at + i] >> 4) & 15) - zero);
    }
  }

  private static void addFifthBits(byte[] block, int at, byte[] quants) {
    for (int i = 0; i < ELEMENTS; i++) {
      quants[i] += (byte) (((block[at + i / Byte.SIZE] >> (i % Byte.SIZE)) & 1) << 4);
    }
  }
}
