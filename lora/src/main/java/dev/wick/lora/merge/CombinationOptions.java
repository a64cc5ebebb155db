package dev.wick.lora.merge;

/**
 * Settings of a {@link CombinationMethod}.
 *
 * @param svdRank rank of the result of SVD; 0 for the largest among the adapters
 * @param density part of the numbers that trimming and dropping keep, 0 to 1
 * @param electsByCount whether TIES elects the sign that more numbers have, instead of the sign of
 *     their sum
 * @param seed of DARE's choice
 */
public record CombinationOptions(int svdRank, double density, boolean electsByCount, long seed) {
  /** Largest rank, half of the numbers, signs by sum, seed 0. */
  public static final CombinationOptions DEFAULT = new CombinationOptions(0, 0.5, false, 0);

  public CombinationOptions {
    if (svdRank < 0 || !(density > 0 && density <= 1)) {
      throw new IllegalArgumentException(
          "combine: expected svdRank >= 0 and 0 < density <= 1, got %d and %s"
              .formatted(svdRank, density));
    }
  }

  /** These options with another rank. */
  public CombinationOptions withSvdRank(int rank) {
    return new CombinationOptions(rank, density, electsByCount, seed);
  }

  /** These options with another density. */
  public CombinationOptions withDensity(double part) {
    return new CombinationOptions(svdRank, part, electsByCount, seed);
  }

  /** These options with another seed. */
  public CombinationOptions withSeed(long value) {
    return new CombinationOptions(svdRank, density, electsByCount, value);
  }
}
