package dev.wick.lora.learning;

import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.TrainingConfig;
import java.time.Duration;
import java.util.Objects;

/**
 * The settings of a {@link BackgroundTrainer}.
 *
 * @param adapter of the first version of a name that the registry does not have; later versions
 *     keep the configuration of the one before
 * @param training settings of a round: epochs or steps over its events, batch size, learning rate
 *     and the like; what concerns checkpoints and validation is without meaning
 * @param budget of a round
 * @param gate decides what is published
 * @param queueCapacity most events that wait, over all adapters
 * @param overflow what happens beyond that
 * @param eventsPerRound events of an adapter with which a round begins
 * @param patience how long fewer events wait until a round begins with them
 * @param heldOutKept most held-out events per adapter; the oldest make room
 * @param probationEvents held-out events after a publication upon which it is compared with the
 *     version before once more, on these, and taken back if it is worse; 0 for never
 * @param maxLength tokens to which an event is cut
 */
public record LearningOptions(
    PeftConfig adapter,
    TrainingConfig training,
    LearningBudget budget,
    EvaluationGate gate,
    int queueCapacity,
    OverflowPolicy overflow,
    int eventsPerRound,
    Duration patience,
    int heldOutKept,
    int probationEvents,
    int maxLength) {
  public LearningOptions {
    Objects.requireNonNull(adapter, "adapter");
    Objects.requireNonNull(gate, "gate");
    Objects.requireNonNull(overflow, "overflow");
    check(queueCapacity >= 1, "a queue of at least one event", queueCapacity);
    check(
        eventsPerRound >= 1 && eventsPerRound <= queueCapacity,
        "at least one event per round and no more than the queue holds",
        eventsPerRound);
    check(!patience.isNegative(), "a patience of at least 0", patience);
    check(heldOutKept >= 1, "at least one held-out event kept", heldOutKept);
    check(
        probationEvents >= 0 && probationEvents <= heldOutKept,
        "a probation of at least 0 events and no more than are kept",
        probationEvents);
    check(maxLength >= 2, "a maximal length of at least 2 tokens", maxLength);
    long largest =
        (long) training.batchSize()
            * training.gradientAccumulation()
            * Math.max(maxLength, training.packedLength());
    check(
        budget.maxTokens() >= largest,
        "a budget with room for a step of up to %d tokens".formatted(largest),
        budget.maxTokens());
  }

  private static void check(boolean holds, String expected, Object got) {
    if (!holds) {
      throw new IllegalArgumentException("learning: expected %s, got %s".formatted(expected, got));
    }
  }

  /** The defaults, to be changed, with the configuration of first versions. */
  public static LearningOptionsBuilder builder(PeftConfig adapter) {
    return new LearningOptionsBuilder(adapter);
  }
}
