package dev.wick.streaming.sampling;

/** Exponentials over whole arrays, in a form that the JIT compiler turns into vector code. */
final class Exponentials {
  /** Below this the exponential is 0 for a float. */
  private static final double SMALLEST = -104;

  private Exponentials() {}

  /**
   * {@code result[i] = exp(x[i] - max)} for i below {@code size}; minus infinity gives 0.
   *
   * <p>{@code exp(d) = exp(d / 256)^256}: a Taylor polynomial on [-0.41, 0] and eight squarings in
   * double precision, relative error below 1e-9 where the result is a normal float. No table, no
   * bit casts, no branch: each of them would keep the loop scalar.
   */
  static void exp(float[] x, int size, float max, float[] result) {
    for (int i = 0; i < size; i++) {
      result[i] = (float) exp((double) x[i] - max);
    }
  }

  private static double exp(double d) {
    double t = Math.max(d, SMALLEST) * (1.0 / 256);
    double y =
        1
            + t
                * (1
                    + t
                        * (1.0 / 2
                            + t
                                * (1.0 / 6
                                    + t
                                        * (1.0 / 24
                                            + t
                                                * (1.0 / 120
                                                    + t
                                                        * (1.0 / 720
                                                            + t
                                                                * (1.0 / 5040
                                                                    + t
                                                                        * (1.0 / 40320
                                                                            + t
                                                                                * (1.0
                                                                                    / 362880)))))))));
    y *= y;
    y *= y;
    y *= y;
    y *= y;
    y *= y;
    y *= y;
    y *= y;
    return y * y;
  }

  /** The sum of {@code size} entries from {@code offset}, in double precision. */
  static double sum(float[] x, int offset, int size) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int end = offset + size;
    int i = offset;
    for (; i + 3 < end; i += 4) {
      a += x[i];
      b += x[i + 1];
      c += x[i + 2];
      d += x[i + 3];
    }
    for (; i < end; i++) {
      a += x[i];
    }
    return (a + b) + (c + d);
  }

  /**
   * The largest of {@code size} entries from {@code offset}, NaN if one is NaN, minus infinity if
   * there are none.
   */
  static float max(float[] x, int offset, int size) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = offset; i < offset + size; i++) {
      max = Math.max(max, x[i]);
    }
    return max;
  }

  /** Index, counted from {@code offset}, of the first entry that equals {@code value}. */
  static int indexOf(float[] x, int offset, int size, float value) {
    for (int i = 0; i < size; i++) {
      if (x[offset + i] == value) {
        return i;
      }
    }
    throw new AssertionError("no entry equals " + value);
  }
}
