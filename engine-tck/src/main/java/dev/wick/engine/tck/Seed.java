package dev.wick.engine.tck;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * The seed of a run: {@code -Dtck.seed}, or another one each time. Every test draws from its own
 * generator, so that a test alone draws what it draws among all.
 */
record Seed(long value) {
  static Seed ofRun() {
    Long given = Long.getLong("tck.seed");
    return new Seed(given == null ? System.nanoTime() & 0xffff_ffffL : given);
  }

  RandomGenerator generator(String test) {
    return new SplittableRandom(value * 31 + test.hashCode());
  }

  @Override
  public String toString() {
    return "-Dtck.seed=" + value;
  }
}
