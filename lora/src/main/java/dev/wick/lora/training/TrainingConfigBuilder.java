package dev.wick.lora.training;

import dev.wick.lora.training.optim.AdamWConfig;
import dev.wick.lora.training.optim.LearningRateSchedule;

/** Collects the settings of a {@link TrainingConfig}; see there for what they mean. */
public final class TrainingConfigBuilder {
  private int epochs = 1;
  private long steps;
  private int batchSize = 4;
  private int gradientAccumulation = 1;
  private int packedLength;
  private boolean shuffle = true;
  private double learningRate = 2e-4;
  private LearningRateSchedule.Kind schedule = LearningRateSchedule.Kind.COSINE;
  private long warmUpSteps;
  private long decaySteps;
  private AdamWConfig optimizer = AdamWConfig.DEFAULT;
  private double maxGradientNorm = 1;
  private double labelSmoothing;
  private LossReduction lossReduction = LossReduction.TOKENS_OVER_ACCUMULATION;
  private boolean gradientCheckpointing;
  private double residentWeights = 1;
  private int logitRows = 128;
  private long evaluateEvery;
  private int earlyStoppingPatience;
  private long checkpointEvery;
  private int checkpointsKept = 2;
  private long seed;

  TrainingConfigBuilder() {}

  /** Sets the number of visits of all examples. */
  public TrainingConfigBuilder epochs(int value) {
    this.epochs = value;
    return this;
  }

  /** Sets the number of optimiser steps, whatever the epochs. */
  public TrainingConfigBuilder steps(long value) {
    this.steps = value;
    return this;
  }

  /** Sets the number of examples, or packed rows, per micro-batch. */
  public TrainingConfigBuilder batchSize(int value) {
    this.batchSize = value;
    return this;
  }

  /** Sets the number of micro-batches per optimiser step. */
  public TrainingConfigBuilder gradientAccumulation(int value) {
    this.gradientAccumulation = value;
    return this;
  }

  /** Packs examples into rows of so many tokens; 0 for no packing. */
  public TrainingConfigBuilder packedLength(int value) {
    this.packedLength = value;
    return this;
  }

  /** Sets whether examples are visited in a random order. */
  public TrainingConfigBuilder shuffle(boolean value) {
    this.shuffle = value;
    return this;
  }

  /** Sets the peak of the learning rate. */
  public TrainingConfigBuilder learningRate(double value) {
    this.learningRate = value;
    return this;
  }

  /** Sets the curve of the learning rate. */
  public TrainingConfigBuilder schedule(LearningRateSchedule.Kind value) {
    this.schedule = value;
    return this;
  }

  /** Sets the number of steps until the peak. */
  public TrainingConfigBuilder warmUpSteps(long value) {
    this.warmUpSteps = value;
    return this;
  }

  /** Sets the number of steps of the last phase of WARM_UP_STABLE_DECAY. */
  public TrainingConfigBuilder decaySteps(long value) {
    this.decaySteps = value;
    return this;
  }

  /** Sets the constants of the optimiser. */
  public TrainingConfigBuilder optimizer(AdamWConfig value) {
    this.optimizer = value;
    return this;
  }

  /** Sets the norm to which gradients are clipped; 0 for no clipping. */
  public TrainingConfigBuilder maxGradientNorm(double value) {
    this.maxGradientNorm = value;
    return this;
  }

  /** Sets the share of the target that is spread over the vocabulary. */
  public TrainingConfigBuilder labelSmoothing(double value) {
    this.labelSmoothing = value;
    return this;
  }

  /** Sets how losses of tokens become one. */
  public TrainingConfigBuilder lossReduction(LossReduction value) {
    this.lossReduction = value;
    return this;
  }

  /** Sets whether activations within layers are computed twice, to save memory. */
  public TrainingConfigBuilder gradientCheckpointing(boolean value) {
    this.gradientCheckpointing = value;
    return this;
  }

  /**
   * Sets the share of the mapped weights that stays in memory between uses. Half of them costs up
   * to a sixth of the speed, nothing where the system caches the file in large pages. Where the
   * model serves requests meanwhile, 1 is best.
   */
  public TrainingConfigBuilder residentWeights(double value) {
    this.residentWeights = value;
    return this;
  }

  /** Sets the number of rows of logits that exist at a time. */
  public TrainingConfigBuilder logitRows(int value) {
    this.logitRows = value;
    return this;
  }

  /** Sets the number of steps between validations; 0 for the end of each epoch only. */
  public TrainingConfigBuilder evaluateEvery(long value) {
    this.evaluateEvery = value;
    return this;
  }

  /** Sets after how many validations without improvement a run ends; 0 for never. */
  public TrainingConfigBuilder earlyStoppingPatience(int value) {
    this.earlyStoppingPatience = value;
    return this;
  }

  /** Sets the number of steps between checkpoints; 0 for the end only. */
  public TrainingConfigBuilder checkpointEvery(long value) {
    this.checkpointEvery = value;
    return this;
  }

  /** Sets how many of the newest checkpoints stay. */
  public TrainingConfigBuilder checkpointsKept(int value) {
    this.checkpointsKept = value;
    return this;
  }

  /** Sets the seed of initialisation, order and dropout. */
  public TrainingConfigBuilder seed(long value) {
    this.seed = value;
    return this;
  }

  /**
   * The configuration.
   *
   * @throws IllegalArgumentException if a setting is out of range
   */
  public TrainingConfig build() {
    return new TrainingConfig(
        epochs,
        steps,
        batchSize,
        gradientAccumulation,
        packedLength,
        shuffle,
        learningRate,
        schedule,
        warmUpSteps,
        decaySteps,
        optimizer,
        maxGradientNorm,
        labelSmoothing,
        lossReduction,
        gradientCheckpointing,
        residentWeights,
        logitRows,
        evaluateEvery,
        earlyStoppingPatience,
        checkpointEvery,
        checkpointsKept,
        seed);
  }
}
