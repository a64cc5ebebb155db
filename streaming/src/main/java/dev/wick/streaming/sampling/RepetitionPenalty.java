package dev.wick.streaming.sampling;

/**
 * Makes every token of the prompt and of the generated text less probable, once however often it
 * occurs (CTRL, Keskar et al. 2019, arXiv:1909.05858): a negative score is multiplied by the
 * penalty, any other divided by it.
 *
 * @param penalty finite and above 0; 1 changes nothing, less than 1 encourages repetition
 */
public record RepetitionPenalty(double penalty) implements LogitsProcessor {
  /** Checks the range. */
  public RepetitionPenalty {
    Arguments.require(
        (float) penalty > 0 && penalty <= Float.MAX_VALUE,
        "repetition_penalty",
        "a finite number above 0",
        penalty);
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    float factor = (float) penalty;
    for (int i = 0; i < history.numDistinct(); i++) {
      int index = candidates.indexOf(history.distinct(i));
      if (index >= 0) {
        float score = candidates.score(index);
        candidates.setScore(index, score < 0 ? score * factor : score / factor);
      }
    }
  }
}
