package dev.wick.lora.learning;

/**
 * What a round of training may take.
 *
 * @param maxSteps most optimiser steps
 * @param maxTokens most tokens in these steps
 * @param timeShare share of the time in which it computes, above 0 and at most 1; after each step
 *     it pauses for the rest, so that requests get the device
 */
public record LearningBudget(long maxSteps, long maxTokens, double timeShare) {
  /** Up to 100 steps and 100,000 tokens, computing a third of the time. */
  public static final LearningBudget DEFAULT = new LearningBudget(100, 100_000, 1 / 3.0);

  public LearningBudget {
    if (maxSteps < 1 || maxTokens < 1) {
      throw new IllegalArgumentException(
          "learning: expected a budget of at least one step and one token, got %d and %d"
              .formatted(maxSteps, maxTokens));
    }
    if (!(timeShare > 0 && timeShare <= 1)) {
      throw new IllegalArgumentException(
          "learning: expected a time share above 0 and at most 1, got " + timeShare);
    }
  }
}
