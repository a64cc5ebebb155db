package dev.wick.engine.tensor;

/** Numbers of type BF16, the upper half of an F32, as {@link Float} has those of type F16. */
public final class BFloat16 {
  /**
   * A bit of the fraction: set, it makes a NaN quiet, so that no rounding turns it into infinity.
   */
  private static final int QUIET = 0x40;

  private BFloat16() {}

  /** The bits of the nearest number, of two equally near the even one; a NaN stays a NaN. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> Short.SIZE) | QUIET);
    }
    int roundToEven = 0x7fff + ((bits >>> Short.SIZE) & 1);
    return (short) ((bits + roundToEven) >>> Short.SIZE);
  }

  /** The number that some bits stand for, exactly. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << Short.SIZE);
  }
}
