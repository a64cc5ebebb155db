package dev.wick.streaming.sampling;

/**
 * Keeps the tokens whose probability is at least {@code p} times the largest one (Nguyen et al.
 * 2024, arXiv:2407.01082).
 *
 * @param p from 0 (keeps all) to 1 (keeps the most probable token and its equals)
 * @param minTokensToKeep how many of the most probable tokens stay in any case, at least 1
 */
public record MinP(double p, int minTokensToKeep) implements LogitsProcessor {
  /** Checks the ranges. */
  public MinP {
    Arguments.requireFraction("min_p", p);
    Arguments.requireMinTokensToKeep(minTokensToKeep);
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    candidates.keepWithin(Math.log(p), minTokensToKeep);
  }
}
