package dev.wick.lora.training;

/**
 * What validation found.
 *
 * @param step number of steps made before it
 * @param loss mean over all learned tokens of the validation data
 * @param tokens number of those tokens
 * @param isBest whether no earlier validation of the run found a smaller loss
 */
public record EvaluationReport(long step, double loss, long tokens, boolean isBest) {
  /** {@code exp(loss)}: among how many tokens the model hesitates. */
  public double perplexity() {
    return Math.exp(loss);
  }
}
