package dev.wick.streaming.sampling;

/**
 * Lowers the score of every generated token by {@code presence + frequency * count}, as the OpenAI
 * interface defines it: {@code count} is how often the token was generated; tokens that only the
 * prompt has are not touched.
 *
 * @param presence finite; negative encourages repetition
 * @param frequency finite; negative encourages repetition
 */
public record PresenceFrequencyPenalty(double presence, double frequency)
    implements LogitsProcessor {
  /** Checks that both are finite. */
  public PresenceFrequencyPenalty {
    Arguments.require(Double.isFinite(presence), "presence_penalty", "a finite number", presence);
    Arguments.require(
        Double.isFinite(frequency), "frequency_penalty", "a finite number", frequency);
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    for (int i = 0; i < history.numDistinct(); i++) {
      int count = history.generatedCount(i);
      int index = count > 0 ? candidates.indexOf(history.distinct(i)) : -1;
      if (index >= 0) {
        candidates.setScore(
            index, (float) (candidates.score(index) - (frequency * count + presence)));
      }
    }
  }
}
