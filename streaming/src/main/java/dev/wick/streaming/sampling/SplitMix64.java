package dev.wick.streaming.sampling;

/**
 * The SplitMix64 generator (Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014). Written here because the same seed must give the same tokens on every
 * Java release.
 */
final class SplitMix64 {
  private long state;

  void seed(long seed) {
    state = seed;
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  double nextDouble() {
    state += 0x9E3779B97F4A7C15L;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (z >>> 11) * 0x1.0p-53;
  }
}
