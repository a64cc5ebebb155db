package dev.wick.backend.cpu.scalar;

import static dev.wick.backend.cpu.loop.Layouts.FLOAT;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Expands blocks element by element; the layouts are those of {@code QuantizedBlock}. */
public final class ScalarBlockRows implements BlockRows {
  private static final byte[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  @Override
  public void widen(
      DType dtype,
      MemorySegment blocks,
      long offset,
      int elements,
      MemorySegment target,
      long targetOffset) {
    int step = dtype.blockElements();
    for (int i = 0; i < elements; i += step) {
      long at = offset + (long) (i / step) * dtype.blockBytes();
      long to = targetOffset + 4L * i;
      switch (dtype) {
        case Q8_0 -> eightBits(blocks, at, target, to);
        case Q4_0, Q4_1 -> fourBits(dtype, blocks, at, target, to);
        case Q5_0, Q5_1 -> fiveBits(dtype, blocks, at, target, to);
        case IQ4_NL -> nonLinear(blocks, at, target, to);
        case Q2_K -> twoBitGroups(blocks, at, target, to);
        case Q3_K -> threeBitGroups(blocks, at, target, to);
        case Q4_K, Q5_K -> groupsWithMinimum(dtype, blocks, at, target, to);
        case Q6_K -> sixBitGroups(blocks, at, target, to);
        default ->
            throw new IllegalArgumentException("widen: expected a quantised type, got " + dtype);
      }
    }
  }

  static float half(MemorySegment blocks, long at) {
    return Float.float16ToFloat(blocks.get(Layouts.SHORT, at));
  }

  private static int b(MemorySegment blocks, long at) {
    return blocks.get(ValueLayout.JAVA_BYTE, at);
  }

  private static void eightBits(MemorySegment w, long at, MemorySegment y, long to) {
    float scale = half(w, at);
    for (int i = 0; i < 32; i++) {
      y.set(FLOAT, to + 4L * i, b(w, at + 2 + i) * scale);
    }
  }

  private static void fourBits(DType dtype, MemorySegment w, long at, MemorySegment y, long to) {
    float scale = half(w, at);
    boolean shifted = dtype == DType.Q4_1;
    float offset = shifted ? half(w, at + 2) : 0;
    for (int i = 0; i < 16; i++) {
      int pair = b(w, at + (shifted ? 4 : 2) + i);
      int low = pair & 15;
      int high = (pair >> 4) & 15;
      y.set(FLOAT, to + 4L * i, shifted ? low * scale + offset : (low - 8) * scale);
      y.set(FLOAT, to + 4L * i + 64, shifted ? high * scale + offset : (high - 8) * scale);
    }
  }

  private static void fiveBits(DType dtype, MemorySegment w, long at, MemorySegment y, long to) {
    float scale = half(w, at);
    boolean shifted = dtype == DType.Q5_1;
    float offset = shifted ? half(w, at + 2) : 0;
    long highAt = at + (shifted ? 4 : 2);
    int fifth = w.get(Layouts.INT, highAt);
    for (int i = 0; i < 16; i++) {
      int pair = b(w, highAt + 4 + i);
      int low = (pair & 15) | (((fifth >>> i) & 1) << 4);
      int high = ((pair >> 4) & 15) | (((fifth >>> (i + 16)) & 1) << 4);
      y.set(FLOAT, to + 4L * i, shifted ? low * scale + offset : (low - 16) * scale);
      y.set(FLOAT, to + 4L * i + 64, shifted ? high * scale + offset : (high - 16) * scale);
    }
  }

  private static void nonLinear(MemorySegment w, long at, MemorySegment y, long to) {
    float scale = half(w, at);
    for (int i = 0; i < 16; i++) {
      int pair = b(w, at + 2 + i);
      y.set(FLOAT, to + 4L * i, NON_LINEAR[pair & 15] * scale);
      y.set(FLOAT, to + 4L * i + 64, NON_LINEAR[(pair >> 4) & 15] * scale);
    }
  }

  private static void twoBitGroups(MemorySegment w, long at, MemorySegment y, long to) {
    float scale = half(w, at + 80);
    float min = half(w, at + 82);
    for (int g = 0; g < 16; g++) {
      int both = b(w, at + g);
      float s = scale * (both & 15);
      float m = min * ((both >> 4) & 15);
      long from = at + 16 + g / 8 * 32L + g % 2 * 16L;
      int shift = g % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) {
        y.set(FLOAT, to + 64L * g + 4L * i, s * ((b(w, from + i) >> shift) & 3) - m);
      }
    }
  }

  private static void threeBitGroups(MemorySegment w, long at, MemorySegment y, long to) {
    float scale = half(w, at + 108);
    for (int g = 0; g < 16; g++) {
      int low = (b(w, at + 96 + g % 8) >> (g / 8 * 4)) & 15;
      int high = (b(w, at + 104 + g % 4) >> (g / 4 * 2)) & 3;
      float s = scale * ((low | (high << 4)) - 32);
      long from = at + 32 + g / 8 * 32L + g % 2 * 16L;
      int shift = g % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) {
        int third = (b(w, at + g % 2 * 16L + i) >> (g / 2)) & 1;
        int quant = ((b(w, from + i) >> shift) & 3) - (third == 0 ? 4 : 0);
        y.set(FLOAT, to + 64L * g + 4L * i, s * quant);
      }
    }
  }

  private static void groupsWithMinimum(
      DType dtype, MemorySegment w, long at, MemorySegment y, long to) {
    float scale = half(w, at);
    float min = half(w, at + 2);
    boolean five = dtype == DType.Q5_K;
    for (int g = 0; g < 8; g++) {
      float s = scale * sixBitScale(w, at + 4, g);
      float m = min * sixBitMin(w, at + 4, g);
      long from = at + (five ? 48 : 16) + g / 2 * 32L;
      int shift = g % 2 * 4;
      for (int i = 0; i < 32; i++) {
        int quant = (b(w, from + i) >> shift) & 15;
        if (five) {
          quant |= ((b(w, at + 16 + i) >> g) & 1) << 4;
        }
        y.set(FLOAT, to + 128L * g + 4L * i, s * quant - m);
      }
    }
  }

  /** Scale of a group of a block of Q4_K or Q5_K. */
  public static int sixBitScale(MemorySegment w, long at, int group) {
    return group < 4
        ? b(w, at + group) & 63
        : (b(w, at + group + 4) & 15) | ((b(w, at + group - 4) & 0xc0) >> 2);
  }

  /** Minimum of a group of a block of Q4_K or Q5_K. */
  public static int sixBitMin(MemorySegment w, long at, int group) {
    return group < 4
        ? b(w, at + group + 4) & 63
        : ((b(w, at + group + 4) >> 4) & 15) | ((b(w, at + group) & 0xc0) >> 2);
  }

  private static void sixBitGroups(MemorySegment w, long at, MemorySegment y, long to) {
    float scale = half(w, at + 208);
    for (int g = 0; g < 16; g++) {
      float s = scale * b(w, at + 192 + g);
      int part = g % 8 / 2;
      long low = at + g / 8 * 64L + part % 2 * 32L + g % 2 * 16L;
      long high = at + 128 + g / 8 * 32L + g % 2 * 16L;
      for (int i = 0; i < 16; i++) {
        int quant =
            ((b(w, low + i) >> (part / 2 * 4)) & 15) | (((b(w, high + i) >> (2 * part)) & 3) << 4);
        y.set(FLOAT, to + 64L * g + 4L * i, s * (quant - 32));
      }
    }
  }
}
