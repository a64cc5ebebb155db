package dev.wick.cli.bench;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** The middle of some numbers, or the mean of the two in the middle. */
final class Median {
  private Median() {}

  static double of(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElse(0);
  }
}
