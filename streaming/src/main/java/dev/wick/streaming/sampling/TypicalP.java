package dev.wick.streaming.sampling;

/**
 * Locally typical sampling (Meister et al. 2022, arXiv:2202.00666): keeps the tokens whose surprise
 * is nearest to the entropy of the distribution, until their probabilities sum to {@code mass}.
 *
 * @param mass above 0, at most 1
 * @param minTokensToKeep how many of the most typical tokens stay in any case, at least 1
 */
public record TypicalP(double mass, int minTokensToKeep) implements LogitsProcessor {
  /** Checks the ranges. */
  public TypicalP {
    Arguments.require(mass > 0 && mass <= 1, "typical_p", "a number above 0 and at most 1", mass);
    Arguments.requireMinTokensToKeep(minTokensToKeep);
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    candidates.keepTypical((float) mass, minTokensToKeep);
  }
}
