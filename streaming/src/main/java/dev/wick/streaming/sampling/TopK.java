package dev.wick.streaming.sampling;

/**
 * Keeps the {@code k} largest scores and every score that equals the smallest of them.
 *
 * @param k at least 1; more than there are candidates keeps all
 * @param minTokensToKeep a lower bound on {@code k}, at least 1
 */
public record TopK(int k, int minTokensToKeep) implements LogitsProcessor {
  /** Checks the ranges. */
  public TopK {
    Arguments.require(k >= 1, "top_k", "at least 1", k);
    Arguments.requireMinTokensToKeep(minTokensToKeep);
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    candidates.keepTopK(Math.max(k, minTokensToKeep));
  }
}
