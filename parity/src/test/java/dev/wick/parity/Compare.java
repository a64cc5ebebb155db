package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

/** Comparison of arrays of floats with an absolute tolerance. */
final class Compare {
  private Compare() {}

  static void close(float[] actual, float[] expected, float tolerance, String what) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    float worst = 0;
    for (int i = 0; i < expected.length; i++) {
      float difference = Math.abs(actual[i] - expected[i]);
      worst = Float.isNaN(difference) ? Float.NaN : Math.max(worst, difference);
    }
    assertThat(worst).as("%s: largest difference", what).isLessThanOrEqualTo(tolerance);
  }
}
