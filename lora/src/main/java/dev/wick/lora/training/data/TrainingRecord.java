package dev.wick.lora.training.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One record of a data set, as its file has it.
 *
 * @param content what is to be learned
 * @param origin where it stands, for messages, for example {@code train.jsonl:17}
 */
public record TrainingRecord(Content content, String origin) {
  public TrainingRecord {
    Objects.requireNonNull(content, "content");
    Objects.requireNonNull(origin, "origin");
  }

  /** What is to be learned. */
  public sealed interface Content {}

  /**
   * A conversation, of which the assistant's turns are learned.
   *
   * @param messages each with at least a {@code role}; values are null, booleans, numbers, strings,
   *     lists and maps
   * @param tools JSON schemas of the functions that the assistant may call; empty for none
   */
  public record Conversation(List<Map<String, Object>> messages, List<Map<String, Object>> tools)
      implements Content {
    public Conversation {
      messages = copies(messages);
      tools = copies(tools);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("record: expected at least one message, got none");
      }
    }

    // Not List.copyOf of Map.copyOf: values may be null, and templates see the order of keys.
    private static List<Map<String, Object>> copies(List<Map<String, Object>> maps) {
      return maps.stream()
          .map(map -> Collections.unmodifiableMap(new LinkedHashMap<>(map)))
          .toList();
    }
  }

  /** A prompt, which is given, and its completion, which is learned. */
  public record Completion(String prompt, String completion) implements Content {}

  /** A text that is learned whole. */
  public record PlainText(String text) implements Content {}
}
