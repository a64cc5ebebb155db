package dev.wick.cli.training;

import dev.wick.cli.session.UsageException;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.TrainingConfigBuilder;
import dev.wick.lora.training.optim.AdamWConfig;
import dev.wick.lora.training.optim.LearningRateSchedule;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How long, how fast and on what batches is trained. */
public final class RunFlags {
  @Option(
      names = "--epochs",
      defaultValue = "1",
      paramLabel = "N",
      description = "Visits of all records (default: 1).")
  private int epochs = 1;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Optimiser steps, whatever the epochs.")
  private long steps;

  @Option(
      names = "--batch-size",
      defaultValue = "4",
      paramLabel = "N",
      description = "Records, or packed rows, per micro-batch (default: 4).")
  private int batchSize = 4;

  @Option(
      names = "--gradient-accumulation",
      defaultValue = "1",
      paramLabel = "N",
      description = "Micro-batches per step (default: 1).")
  private int gradientAccumulation = 1;

  @Option(
      names = "--max-length",
      defaultValue = "1024",
      paramLabel = "TOKENS",
      description = "Records are cut to so many tokens (default: 1024).")
  private int maxLength = 1024;

  @Option(
      names = "--packing",
      description = "Pack several records into rows of --max-length tokens.")
  private boolean packing;

  @Option(names = "--no-shuffle", description = "Visit the records in the order of the file.")
  private boolean noShuffle;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "Peak of the learning rate (default: 2e-4; 2e-5 with --full).")
  private double learningRate;

  @Option(
      names = "--schedule",
      defaultValue = "cosine",
      paramLabel = "NAME",
      description = "constant, constant-with-warm-up, linear, cosine or wsd (default: cosine).")
  private String schedule = "cosine";

  @Option(
      names = "--warm-up",
      paramLabel = "STEPS",
      description = "Steps until the peak (default: 0).")
  private long warmUp;

  @Option(
      names = "--decay",
      paramLabel = "STEPS",
      description = "Steps of the last phase of --schedule wsd.")
  private long decay;

  @Option(
      names = "--weight-decay",
      defaultValue = "0.01",
      paramLabel = "X",
      description = "Decoupled weight decay (default: 0.01).")
  private double weightDecay = 0.01;

  @Option(
      names = "--max-gradient-norm",
      defaultValue = "1",
      paramLabel = "X",
      description = "Clip gradients to this norm, 0 for never (default: 1).")
  private double maxGradientNorm = 1;

  @Option(
      names = "--label-smoothing",
      paramLabel = "X",
      description = "Share of the target spread over the vocabulary (default: 0).")
  private double labelSmoothing;

  @Option(
      names = "--gradient-checkpointing",
      description = "Compute layers twice, to need less memory.")
  private boolean gradientCheckpointing;

  @Option(
      names = "--resident-weights",
      defaultValue = "0.5",
      paramLabel = "SHARE",
      description = {
        "Share of the base model that stays in memory between uses, above 0 and at most 1"
            + " (default: 0.5). With 1 steps may take up to a sixth less time."
      })
  private double residentWeights = 0.5;

  @Option(
      names = "--evaluate-every",
      paramLabel = "STEPS",
      description = "Steps between validations (default: at the end of each epoch).")
  private long evaluateEvery;

  @Option(
      names = "--early-stopping",
      paramLabel = "N",
      description = "End after N validations without improvement, and keep the best.")
  private int earlyStopping;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS",
      description = "Steps between checkpoints (default: at the end only).")
  private long checkpointEvery;

  @Option(
      names = "--keep-checkpoints",
      defaultValue = "2",
      paramLabel = "N",
      description = "How many of the newest checkpoints stay (default: 2).")
  private int keepCheckpoints = 2;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "N",
      description = "Seed of initialisation, order and dropout (default: 0).")
  private long seed;

  /** Tokens to which records are cut. */
  public int maxLength() {
    return maxLength;
  }

  /** The seed. */
  public long seed() {
    return seed;
  }

  /** Whether the run may end early, for which it needs validation data. */
  public boolean stopsEarly() {
    return earlyStopping > 0;
  }

  /** The configuration. */
  public TrainingConfig config(boolean full) {
    if (maxLength < 2) {
      throw new UsageException("--max-length: expected at least 2 tokens, got " + maxLength);
    }
    try {
      TrainingConfigBuilder builder = TrainingConfig.builder();
      return builder
          .epochs(epochs)
          .steps(steps)
          .batchSize(batchSize)
          .gradientAccumulation(gradientAccumulation)
          .packedLength(packing ? maxLength : 0)
          .shuffle(!noShuffle)
          .learningRate(learningRate != 0 ? learningRate : full ? 2e-5 : 2e-4)
          .schedule(kind())
          .warmUpSteps(warmUp)
          .decaySteps(decay)
          .optimizer(AdamWConfig.DEFAULT.withWeightDecay(weightDecay))
          .maxGradientNorm(maxGradientNorm)
          .labelSmoothing(labelSmoothing)
          .gradientCheckpointing(gradientCheckpointing)
          .residentWeights(residentWeights)
          .evaluateEvery(evaluateEvery)
          .earlyStoppingPatience(earlyStopping)
          .checkpointEvery(checkpointEvery)
          .checkpointsKept(keepCheckpoints)
          .seed(seed)
          .build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }

  private LearningRateSchedule.Kind kind() {
    return switch (schedule.toLowerCase(Locale.ROOT)) {
      case "constant" ->
          warmUp > 0
              ? LearningRateSchedule.Kind.CONSTANT_WITH_WARM_UP
              : LearningRateSchedule.Kind.CONSTANT;
      case "constant-with-warm-up" -> LearningRateSchedule.Kind.CONSTANT_WITH_WARM_UP;
      case "linear" -> LearningRateSchedule.Kind.LINEAR;
      case "cosine" -> LearningRateSchedule.Kind.COSINE;
      case "wsd" -> LearningRateSchedule.Kind.WARM_UP_STABLE_DECAY;
      default ->
          throw new UsageException(
              "--schedule: expected constant, constant-with-warm-up, linear, cosine or wsd, got "
                  + schedule);
    };
  }
}
