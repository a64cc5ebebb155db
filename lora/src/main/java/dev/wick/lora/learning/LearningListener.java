package dev.wick.lora.learning;

import dev.wick.lora.training.StepReport;
import java.util.function.Consumer;

/**
 * Is told what a {@link BackgroundTrainer} does: on its thread, except of events that are dropped
 * when they come, of which it is told on the thread that brings them. Must be thread-safe. What it
 * throws is logged once and changes nothing.
 */
public interface LearningListener {
  /** Hears nothing. */
  LearningListener NONE = new LearningListener() {};

  /** Hears of decisions, and of nothing else. */
  static LearningListener ofDecisions(Consumer<? super LearningDecision> consumer) {
    return new LearningListener() {
      @Override
      public void onDecision(LearningDecision decision) {
        consumer.accept(decision);
      }
    };
  }

  /** An event is not going to be learned. */
  default void onDropped(LearningEvent event, DropReason reason) {}

  /**
   * A round has begun.
   *
   * @param version from which it starts; 0 if there is none
   * @param events number of events to be learned
   */
  default void onRound(String adapter, long version, int events) {}

  /** An optimiser step was made. */
  default void onStep(String adapter, StepReport report) {}

  /** A round or a probation has ended. */
  default void onDecision(LearningDecision decision) {}
}
