package dev.wick.lora.training;

/**
 * What happened in one optimiser step.
 *
 * @param step number of steps made, this one included
 * @param totalSteps steps of the run
 * @param epoch visit of the examples, 0 for the first
 * @param loss as reduced over the step, before it
 * @param gradientNorm before clipping
 * @param learningRate of this step
 * @param tokens number of tokens of the step
 * @param seconds that the step took
 */
public record StepReport(
    long step,
    long totalSteps,
    long epoch,
    double loss,
    double gradientNorm,
    double learningRate,
    long tokens,
    double seconds) {
  /** Tokens per second. */
  public double tokensPerSecond() {
    return seconds > 0 ? tokens / seconds : 0;
  }
}
