package dev.wick.lora.training.program;

import java.util.SplittableRandom;

/**
 * Random numbers of a run: an independent stream for each purpose and index, all from one seed. The
 * position of a run is therefore its whole random state, and a run that resumes draws what it would
 * have drawn.
 */
public final class RandomStreams {
  /** Named in checkpoints: the generator of {@link SplittableRandom}, Steele et al. 2014. */
  public static final String ALGORITHM = "SplittableRandom";

  /** What random numbers are for. */
  public enum Purpose {
    INITIALISATION,
    SHUFFLING,
    DROPOUT
  }

  private final long seed;

  public RandomStreams(long seed) {
    this.seed = seed;
  }

  /** The stream of a purpose, an index such as the epoch, and a part such as a layer. */
  public SplittableRandom stream(Purpose purpose, long index, long part) {
    return new SplittableRandom(mixed(mixed(mixed(seed) + purpose.ordinal()) + index) + part);
  }

  /** A bijection that spreads neighbouring numbers (Stafford 2011, variant 13). */
  private static long mixed(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
