package dev.wick.streaming;

/**
 * A token that the model could have produced at some place.
 *
 * @param id token id
 * @param text the token's own text; U+FFFD stands for bytes that are no whole character
 * @param logit as the model computed it
 * @param logProbability natural logarithm of the probability under the model
 */
public record TokenAlternative(int id, String text, float logit, float logProbability) {
  /** Probability under the model, from 0 to 1. */
  public double probability() {
    return Math.exp(logProbability);
  }
}
