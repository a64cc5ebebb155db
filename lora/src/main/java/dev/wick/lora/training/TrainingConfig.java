package dev.wick.lora.training;

import dev.wick.lora.training.optim.AdamWConfig;
import dev.wick.lora.training.optim.LearningRateSchedule;
import java.util.Objects;

/**
 * The settings of a run. Those of the adapter itself, such as the rank, are in its configuration.
 *
 * @param epochs visits of all examples; without meaning if {@code steps} is given
 * @param steps optimiser steps; 0 for as many as the epochs take
 * @param batchSize examples per micro-batch, or rows of packed examples
 * @param gradientAccumulation micro-batches per optimiser step
 * @param packedLength tokens of a row into which examples are packed; 0 for no packing
 * @param shuffle whether examples are visited in a random order, another in each epoch
 * @param learningRate peak of the schedule
 * @param schedule curve of the learning rate
 * @param warmUpSteps steps until the peak
 * @param decaySteps steps of the last phase of WARM_UP_STABLE_DECAY
 * @param optimizer constants of the optimiser
 * @param maxGradientNorm norm to which gradients are clipped; 0 for no clipping
 * @param labelSmoothing share of the target that is spread over the vocabulary
 * @param lossReduction how losses of tokens become one
 * @param gradientCheckpointing whether activations within layers are computed twice, to save memory
 * @param residentWeights share of the weights mapped from files that stays in memory between uses,
 *     above 0 and at most 1; the rest is given back to the system, whose cache of files has it
 * @param logitRows rows of logits that exist at a time
 * @param evaluateEvery steps between validations; 0 for the end of each epoch only
 * @param earlyStoppingPatience validations without improvement after which a run ends; 0 for never
 * @param checkpointEvery steps between checkpoints; 0 for the end only
 * @param checkpointsKept how many of the newest checkpoints stay
 * @param seed of initialisation, order and dropout
 */
public record TrainingConfig(
    int epochs,
    long steps,
    int batchSize,
    int gradientAccumulation,
    int packedLength,
    boolean shuffle,
    double learningRate,
    LearningRateSchedule.Kind schedule,
    long warmUpSteps,
    long decaySteps,
    AdamWConfig optimizer,
    double maxGradientNorm,
    double labelSmoothing,
    LossReduction lossReduction,
    boolean gradientCheckpointing,
    double residentWeights,
    int logitRows,
    long evaluateEvery,
    int earlyStoppingPatience,
    long checkpointEvery,
    int checkpointsKept,
    long seed) {

  public TrainingConfig {
    Objects.requireNonNull(schedule, "schedule");
    Objects.requireNonNull(optimizer, "optimizer");
    Objects.requireNonNull(lossReduction, "lossReduction");
    check(steps >= 0, "a number of steps of at least 0", steps);
    check(steps > 0 || epochs >= 1, "at least one epoch or one step", epochs);
    check(batchSize >= 1, "a batch size of at least 1", batchSize);
    check(gradientAccumulation >= 1, "a gradient accumulation of at least 1", gradientAccumulation);
    check(packedLength >= 0, "a packed length of at least 0", packedLength);
    check(
        learningRate > 0 && learningRate < Double.POSITIVE_INFINITY,
        "a learning rate above 0",
        learningRate);
    check(warmUpSteps >= 0, "warm-up of at least 0 steps", warmUpSteps);
    check(decaySteps >= 0, "decay of at least 0 steps", decaySteps);
    check(maxGradientNorm >= 0, "a gradient norm of at least 0", maxGradientNorm);
    check(
        labelSmoothing >= 0 && labelSmoothing < 1,
        "a label smoothing of at least 0 and below 1",
        labelSmoothing);
    check(
        residentWeights > 0 && residentWeights <= 1,
        "a share of resident weights above 0 and at most 1",
        residentWeights);
    check(logitRows >= 1, "at least one row of logits", logitRows);
    check(evaluateEvery >= 0, "at least 0 steps between validations", evaluateEvery);
    check(earlyStoppingPatience >= 0, "a patience of at least 0", earlyStoppingPatience);
    check(checkpointEvery >= 0, "at least 0 steps between checkpoints", checkpointEvery);
    check(checkpointsKept >= 1, "at least one checkpoint kept", checkpointsKept);
  }

  private static void check(boolean holds, String expected, Object got) {
    if (!holds) {
      throw new IllegalArgumentException("training: expected %s, got %s".formatted(expected, got));
    }
  }

  /** The defaults, to be changed. */
  public static TrainingConfigBuilder builder() {
    return new TrainingConfigBuilder();
  }
}
