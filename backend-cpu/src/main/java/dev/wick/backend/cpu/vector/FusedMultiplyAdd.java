package dev.wick.backend.cpu.vector;

/**
 * Whether the processor multiplies and adds in one instruction. Where it does not (x86 before AVX2,
 * {@code -XX:UseAVX=0}), Java computes each of them exactly in software, hundreds of times slower.
 */
final class FusedMultiplyAdd {
  private static final int BATCHES = 20;
  private static final int CALLS = 100;

  /** In hardware it is a few nanoseconds, 30 when interpreted; in software several hundred. */
  private static final long MOST_NANOS_PER_CALL = 100;

  private FusedMultiplyAdd() {}

  /** Whether there is such an instruction. The JVM has a flag, but no cheap way to ask for it. */
  static boolean isFast() {
    long best = Long.MAX_VALUE;
    float sum = 1;
    for (int batch = 0; batch < BATCHES; batch++) {
      long start = System.nanoTime();
      for (int i = 0; i < CALLS; i++) {
        sum = Math.fma(sum, 0.9f, 0.3f);
      }
      best = Math.min(best, System.nanoTime() - start);
    }
    return sum > 0 && best < MOST_NANOS_PER_CALL * CALLS;
  }
}
