package dev.wick.streaming.sampling;

/**
 * Nucleus sampling (Holtzman et al. 2019, arXiv:1904.09751): drops the least probable tokens as
 * long as their probabilities sum to at most {@code 1 - p}. Where equally probable tokens lie at
 * the border, those go first that PyTorch's sort puts first.
 *
 * @param p from 0 to 1
 * @param minTokensToKeep how many of the most probable tokens stay in any case, at least 1
 */
public record TopP(double p, int minTokensToKeep) implements LogitsProcessor {
  /** Checks the ranges. */
  public TopP {
    Arguments.requireFraction("top_p", p);
    Arguments.requireMinTokensToKeep(minTokensToKeep);
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    candidates.keepTopP((float) (1 - p), minTokensToKeep);
  }
}
