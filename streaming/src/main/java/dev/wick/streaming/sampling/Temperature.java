package dev.wick.streaming.sampling;

/**
 * Divides every score by a temperature: below 1 the distribution becomes sharper, above 1 flatter.
 *
 * @param temperature finite and above 0; a temperature of 0 means greedy picking, which is no
 *     processor
 */
public record Temperature(double temperature) implements LogitsProcessor {
  /** Checks the range. */
  public Temperature {
    Arguments.require(
        (float) temperature > 0 && temperature <= Float.MAX_VALUE,
        "temperature",
        "a finite number above 0",
        temperature);
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    candidates.divideScores((float) temperature);
  }
}
