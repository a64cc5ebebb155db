package dev.wick.lora.learning;

import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.TrainingConfig;
import java.time.Duration;

/** Collects the settings of {@link LearningOptions}; see there for what they mean. */
public final class LearningOptionsBuilder {
  private final PeftConfig adapter;
  private TrainingConfig training = TrainingConfig.builder().build();
  private LearningBudget budget = LearningBudget.DEFAULT;
  private EvaluationGate gate = EvaluationGate.improvingBy(0);
  private int queueCapacity = 1024;
  private OverflowPolicy overflow = OverflowPolicy.DROP_OLDEST;
  private int eventsPerRound = 32;
  private Duration patience = Duration.ofMinutes(5);
  private int heldOutKept = 64;
  private int probationEvents;
  private int maxLength = 512;

  LearningOptionsBuilder(PeftConfig adapter) {
    this.adapter = adapter;
  }

  /** Sets the settings of a round. */
  public LearningOptionsBuilder training(TrainingConfig value) {
    this.training = value;
    return this;
  }

  /** Sets what a round may take. */
  public LearningOptionsBuilder budget(LearningBudget value) {
    this.budget = value;
    return this;
  }

  /** Sets what decides on publication. */
  public LearningOptionsBuilder gate(EvaluationGate value) {
    this.gate = value;
    return this;
  }

  /** Sets how many events may wait. */
  public LearningOptionsBuilder queueCapacity(int value) {
    this.queueCapacity = value;
    return this;
  }

  /** Sets what happens when more come. */
  public LearningOptionsBuilder overflow(OverflowPolicy value) {
    this.overflow = value;
    return this;
  }

  /** Sets with how many events of an adapter a round begins. */
  public LearningOptionsBuilder eventsPerRound(int value) {
    this.eventsPerRound = value;
    return this;
  }

  /** Sets how long fewer events wait. */
  public LearningOptionsBuilder patience(Duration value) {
    this.patience = value;
    return this;
  }

  /** Sets how many held-out events are kept per adapter. */
  public LearningOptionsBuilder heldOutKept(int value) {
    this.heldOutKept = value;
    return this;
  }

  /** Sets after how many further held-out events a publication is judged again; 0 for never. */
  public LearningOptionsBuilder probationEvents(int value) {
    this.probationEvents = value;
    return this;
  }

  /** Sets to how many tokens an event is cut. */
  public LearningOptionsBuilder maxLength(int value) {
    this.maxLength = value;
    return this;
  }

  /**
   * The options.
   *
   * @throws IllegalArgumentException if a setting is out of range
   */
  public LearningOptions build() {
    return new LearningOptions(
        adapter,
        training,
        budget,
        gate,
        queueCapacity,
        overflow,
        eventsPerRound,
        patience,
        heldOutKept,
        probationEvents,
        maxLength);
  }
}
