package dev.wick.lora.training.data;

/**
 * Turns records into token ids. The application supplies it, since tokenizers and chat templates
 * are its choice. Thread-safe.
 */
@FunctionalInterface
public interface RecordEncoder {
  /**
   * The token ids of a record and which of them are learned.
   *
   * @throws IllegalArgumentException if the record cannot be encoded, for example because a chat
   *     template refuses it
   */
  Example encode(TrainingRecord record);
}
