package dev.wick.engine.tck;

import dev.wick.engine.tensor.DType;
import java.util.Optional;

/**
 * How far a result may be from the oracle's.
 *
 * <p>Numbers in F32 may differ by {@code (1e-6 + 2e-7 * terms) * max(1, |expected|)} each (MLX's
 * bound for F32, grown with the length of sums as in Lucene's vector tests), and by {@code 1e-7} as
 * normalised mean square error (ggml's bound). NaN and infinities must be met; everything that is
 * not F32 is exact.
 *
 * @param terms how many numbers are added up in one element of the result; 0 for exact
 */
record Tolerance(double terms) {
  static final Tolerance EXACT = new Tolerance(0);

  /** The roundings of numbers that repeat all go one way: their sum grows faster. */
  Tolerance forRepeatedNumbers() {
    return new Tolerance(8 * terms);
  }

  /** The first difference that is too large, or empty. */
  Optional<String> difference(HostTensor expected, HostTensor actual) {
    if (!expected.spec().equals(actual.spec())) {
      return Optional.of("expected %s, got %s".formatted(expected.spec(), actual.spec()));
    }
    boolean numbers =
        switch (expected.dtype()) {
          case F32, F16, BF16 -> true;
          default -> false;
        };
    if (!numbers) {
      return exactDifference(expected, actual);
    }
    boolean exact = terms == 0 || expected.dtype() != DType.F32;
    double squares = 0;
    double errors = 0;
    for (int i = 0; i < expected.size(); i++) {
      double e = expected.number(i);
      double a = actual.number(i);
      boolean fits =
          (exact || !Double.isFinite(e))
              ? e == a || (Double.isNaN(e) && Double.isNaN(a))
              : Math.abs(a - e) <= allowed(e);
      if (!fits) {
        return Optional.of(
            "element %d of %s: expected %s, got %s%s"
                .formatted(
                    i,
                    expected.spec(),
                    (float) e,
                    (float) a,
                    exact ? "" : ", allowed difference " + (float) allowed(e)));
      }
      if (Double.isFinite(e)) {
        squares += e * e;
        errors += (a - e) * (a - e);
      }
    }
    // Sums of a few numbers around 0 may cancel; their typical size keeps the ratio meaningful.
    double nmse = errors / (squares + 0.01 * terms * expected.size() + Double.MIN_NORMAL);
    return nmse <= 1e-7
        ? Optional.empty()
        : Optional.of("%s: expected NMSE <= 1e-7, got %.2e".formatted(expected.spec(), nmse));
  }

  /** Whether all numbers are as near as those in F32 have to be. */
  boolean allows(double[] expected, double[] actual) {
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= allowed(expected[i]))) {
        return false;
      }
    }
    return true;
  }

  private double allowed(double expected) {
    return (1e-6 + 2e-7 * terms) * Math.max(1, Math.abs(expected));
  }

  private static Optional<String> exactDifference(HostTensor expected, HostTensor actual) {
    int unit = expected.dtype().blockBytes();
    for (int i = 0; i < expected.bytes().length; i++) {
      if (expected.bytes()[i] != actual.bytes()[i]) {
        int element = i / unit;
        boolean readable = expected.dtype() == DType.I32 || expected.dtype() == DType.BOOL;
        return Optional.of(
            "element %d of %s: expected %s, got %s"
                .formatted(
                    element,
                    expected.spec(),
                    readable ? (long) expected.number(element) : "other bits",
                    readable ? (long) actual.number(element) : "byte " + actual.bytes()[i]));
      }
    }
    return Optional.empty();
  }
}
