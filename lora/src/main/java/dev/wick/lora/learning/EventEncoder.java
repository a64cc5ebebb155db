package dev.wick.lora.learning;

import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.RecordEncoder;
import dev.wick.lora.training.data.TrainingRecord;
import java.util.ArrayList;
import java.util.List;

/** Turns events into examples, and sorts out those that cannot be. */
final class EventEncoder {
  private final RecordEncoder encoder;
  private final int maxLength;
  private final Notices notices;

  EventEncoder(RecordEncoder encoder, int maxLength, Notices notices) {
    this.encoder = encoder;
    this.maxLength = maxLength;
    this.notices = notices;
  }

  /**
   * Examples, the events that they were made of, and those of which there are none.
   *
   * @param unusable about which the listener has been told
   */
  record Encoded(
      List<Example> examples, List<LearningEvent> usable, List<LearningEvent> unusable) {}

  Encoded encode(List<LearningEvent> events) {
    List<Example> examples = new ArrayList<>();
    List<LearningEvent> usable = new ArrayList<>();
    List<LearningEvent> unusable = new ArrayList<>();
    for (LearningEvent event : events) {
      try {
        String origin = "event for " + event.adapter();
        Example example =
            encoder.encode(new TrainingRecord(event.content(), origin)).truncated(maxLength);
        if (example.learned() > 0) {
          examples.add(example.withWeight(event.weight()));
          usable.add(event);
        } else {
          unusable.add(event);
          notices.dropped(List.of(event), DropReason.NOTHING_TO_LEARN);
        }
      } catch (IllegalArgumentException e) {
        unusable.add(event);
        notices.dropped(List.of(event), DropReason.NOT_ENCODABLE);
      }
    }
    return new Encoded(examples, usable, unusable);
  }
}
