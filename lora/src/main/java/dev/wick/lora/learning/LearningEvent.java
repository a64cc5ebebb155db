package dev.wick.lora.learning;

import dev.wick.lora.training.data.TrainingRecord;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Something that an adapter is to learn, or to be tested with.
 *
 * @param adapter name of the adapter in the registry, for example one per tenant
 * @param content what is to be learned
 * @param weight how much it counts beside others, above 0; a reward, for instance
 * @param heldOut whether versions are compared with it, and it is never learned
 */
public record LearningEvent(
    String adapter, TrainingRecord.Content content, float weight, boolean heldOut) {
  public LearningEvent {
    Objects.requireNonNull(adapter, "adapter");
    Objects.requireNonNull(content, "content");
    if (!(weight > 0 && Float.isFinite(weight))) {
      throw new IllegalArgumentException(
          "learning: expected a finite weight above 0, got %s; leave out what is not to be learned"
              .formatted(weight));
    }
  }

  /** A prompt and its completion, of weight 1, to be learned. */
  public static LearningEvent of(String adapter, String prompt, String completion) {
    return new LearningEvent(adapter, new TrainingRecord.Completion(prompt, completion), 1, false);
  }

  /** A conversation, of weight 1, of which the assistant's turns are learned. */
  public static LearningEvent of(String adapter, List<Map<String, Object>> messages) {
    return new LearningEvent(
        adapter, new TrainingRecord.Conversation(messages, List.of()), 1, false);
  }

  /** The same event with another weight. */
  public LearningEvent withWeight(float value) {
    return new LearningEvent(adapter, content, value, heldOut);
  }

  /** The same event, held out or not. */
  public LearningEvent withHeldOut(boolean value) {
    return new LearningEvent(adapter, content, weight, value);
  }
}
