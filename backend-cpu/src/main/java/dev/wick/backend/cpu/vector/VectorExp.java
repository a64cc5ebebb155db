package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential function, and what is made of it. To within two units in the last place; results
 * below the smallest normal number are 0.
 *
 * <p>The JDK's own ({@code VectorOperators.EXP}) is a native library that some platforms lack, and
 * gives other bits in interpreted than in compiled code.
 */
final class VectorExp {
  /** What becomes of the exponential {@code e}. */
  enum Use {
    /** {@code y = e}, where e is of {@code x - shift}. */
    STORE,
    /** Nothing is stored; e is of {@code x - shift}. */
    SUM,
    /** {@code y = 1 / (1 + e)}, where e is of {@code -x}. */
    SIGMOID,
    /** {@code y = x / (1 + e)}, where e is of {@code -x}. */
    SILU,
    /** {@code y = x / (1 + e) * u}, where e is of {@code -x}. */
    GATE
  }

  private static final float MAX = 88.72283f;
  private static final float MIN = -87.33654f;

  // Adding it rounds to an integer, which then stands in the low bits.
  private static final float ROUND = 0x1.8p23f;
  private static final float LOG2_E = 1.442695f;

  // The natural logarithm of 2 in two parts, of which the first has few bits: Cody and Waite 1980.
  private static final float LN2_HIGH = 0.6933594f;
  private static final float LN2_LOW = -2.12194440e-4f;

  // Minimax polynomial on [-ln 2 / 2, ln 2 / 2]: Cephes, expf.
  private static final float C0 = 0.5f;
  private static final float C1 = 0.16666666f;
  private static final float C2 = 0.041665796f;
  private static final float C3 = 0.008333452f;
  private static final float C4 = 0.0013981999f;
  private static final float C5 = 0.00019875691f;

  private VectorExp() {}

  /**
   * Computes whole vectors.
   *
   * @param n a multiple of the lane count
   * @return the sum of the exponentials
   */
  static float run(
      Use use,
      MemorySegment x,
      long xOffset,
      float shift,
      MemorySegment u,
      long uOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    float sign = use == Use.STORE || use == Use.SUM ? 1 : -1;
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      FloatVector a = v.sub(shift).mul(sign);
      FloatVector rounded = a.mul(LOG2_E).add(ROUND);
      FloatVector k = rounded.sub(ROUND);
      FloatVector f = k.fma(FloatVector.broadcast(F, -LN2_HIGH), a);
      f = k.fma(FloatVector.broadcast(F, -LN2_LOW), f);
      FloatVector p = f.fma(FloatVector.broadcast(F, C5), FloatVector.broadcast(F, C4));
      p = p.fma(f, FloatVector.broadcast(F, C3));
      p = p.fma(f, FloatVector.broadcast(F, C2));
      p = p.fma(f, FloatVector.broadcast(F, C1));
      p = p.fma(f, FloatVector.broadcast(F, C0));
      FloatVector e =
          p.fma(f.mul(f), f)
              .add(one)
              .reinterpretAsInts()
              .add(rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
              .reinterpretAsFloats()
              .blend(0f, a.compare(VectorOperators.LT, MIN));
      // Where the argument is too large or NaN, infinity times it is the result.
      e = a.mul(Float.POSITIVE_INFINITY).blend(e, a.compare(VectorOperators.LE, MAX));
      sum = sum.add(e);
      switch (use) {
        case STORE -> e.intoMemorySegment(y, yOffset + 4L * i, LE);
        case SUM -> {}
        case SIGMOID -> one.div(e.add(one)).intoMemorySegment(y, yOffset + 4L * i, LE);
        case SILU -> v.div(e.add(one)).intoMemorySegment(y, yOffset + 4L * i, LE);
        case GATE ->
            v.div(e.add(one))
                .mul(FloatVector.fromMemorySegment(F, u, uOffset + 4L * i, LE))
                .intoMemorySegment(y, yOffset + 4L * i, LE);
      }
    }
    sum = sum.add(sum.rearrange(LaneSums.BY_HALF));
    sum = sum.add(sum.rearrange(LaneSums.BY_QUARTER));
    if (COUNT >= 8) {
      sum = sum.add(sum.rearrange(LaneSums.BY_EIGHTH));
    }
    if (COUNT >= 16) {
      sum = sum.add(sum.rearrange(LaneSums.BY_SIXTEENTH));
    }
    return sum.lane(0);
  }
}
