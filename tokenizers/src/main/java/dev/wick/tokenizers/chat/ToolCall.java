package dev.wick.tokenizers.chat;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A function that an assistant wants called.
 *
 * @param id what the tool's answer refers to, or empty
 * @param name the function
 * @param arguments by name, as JSON values; their order is kept
 */
public record ToolCall(String id, String name, Map<String, @Nullable Object> arguments) {
  /**
   * Copies the arguments.
   *
   * @throws IllegalArgumentException if the function has no name
   */
  public ToolCall {
    Objects.requireNonNull(id, "id");
    if (name.isEmpty()) {
      throw new IllegalArgumentException("tool call: expected the name of a function, got none");
    }
    arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
  }

  /** A call without an id. */
  public static ToolCall of(String name, Map<String, ?> arguments) {
    return new ToolCall("", name, new LinkedHashMap<>(arguments));
  }

  /** As templates expect it: {@code {"type": "function", "function": {"name", "arguments"}}}. */
  Map<String, @Nullable Object> fields() {
    Map<String, @Nullable Object> function = new LinkedHashMap<>();
    function.put("name", name);
    function.put("arguments", arguments);
    Map<String, @Nullable Object> call = new LinkedHashMap<>();
    call.put("type", "function");
    if (!id.isEmpty()) {
      call.put("id", id);
    }
    call.put("function", function);
    return Collections.unmodifiableMap(call);
  }
}
