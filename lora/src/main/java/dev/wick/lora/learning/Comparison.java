package dev.wick.lora.learning;

/**
 * Two versions of an adapter on the same held-out events.
 *
 * @param currentLoss mean loss per token of the version in use; of the base model if there is none
 * @param candidateLoss mean loss per token of the other one
 * @param events number of events
 * @param tokens number of tokens whose loss counts
 */
public record Comparison(double currentLoss, double candidateLoss, int events, long tokens) {
  /** By how much the candidate's loss is smaller; below 0 if it is larger. */
  public double improvement() {
    return currentLoss - candidateLoss;
  }
}
