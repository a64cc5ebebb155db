package dev.wick.tokenizers.chat;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation, as the fields that a chat template reads. Immutable.
 *
 * <p>Which fields there are is between the caller and the template; the usual ones are {@code
 * role}, {@code content}, {@code reasoning_content}, {@code tool_calls}, {@code name} and {@code
 * tool_call_id}. Templates tell an absent field from a null one, so both can be expressed.
 *
 * @param fields by name; values are null, booleans, numbers, strings, and lists and maps of such
 */
public record ChatMessage(Map<String, @Nullable Object> fields) {
  private static final String CONTENT = "content";

  /**
   * Copies the fields.
   *
   * @throws IllegalArgumentException if there is no {@code role}, or it is not text
   */
  public ChatMessage {
    if (!(fields.get("role") instanceof String)) {
      throw new IllegalArgumentException(
          "chat message: expected a role, got the fields " + fields.keySet());
    }
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /** A message of any role with a text. */
  public static ChatMessage of(String role, String content) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("role", role);
    fields.put(CONTENT, content);
    return new ChatMessage(fields);
  }

  /**
   * A message from the fields of a JSON object.
   *
   * @throws IllegalArgumentException if there is no {@code role}, or it is not text
   */
  public static ChatMessage of(Map<String, ?> fields) {
    return new ChatMessage(new LinkedHashMap<>(fields));
  }

  /** Instructions for the whole conversation; most templates want them first. */
  public static ChatMessage system(String content) {
    return of("system", content);
  }

  /** What the user says. */
  public static ChatMessage user(String content) {
    return of("user", content);
  }

  /** What the model said. */
  public static ChatMessage assistant(String content) {
    return of("assistant", content);
  }

  /** Functions that the model wanted called. */
  public static ChatMessage assistant(String content, List<ToolCall> toolCalls) {
    return assistant(content).with("tool_calls", toolCalls.stream().map(ToolCall::fields).toList());
  }

  /** The result of a call. */
  public static ChatMessage tool(String content) {
    return of("tool", content);
  }

  /** The result of the call with an id. */
  public static ChatMessage tool(String content, String toolCallId) {
    return tool(content).with("tool_call_id", toolCallId);
  }

  /** The same message with the thoughts that preceded it. */
  public ChatMessage withReasoning(String reasoning) {
    return with("reasoning_content", reasoning);
  }

  /** The same message with a field added or replaced. */
  public ChatMessage with(String field, @Nullable Object value) {
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(fields);
    changed.put(field, value);
    return new ChatMessage(changed);
  }

  /** Who speaks. */
  public String role() {
    return String.valueOf(fields.get("role"));
  }

  /** The text, or empty if the content is absent or not plain text. */
  public String content() {
    return fields.get(CONTENT) instanceof String text ? text : "";
  }
}
