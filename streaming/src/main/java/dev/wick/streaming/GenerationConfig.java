package dev.wick.streaming;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The keys of {@code generation_config.json} that say when to stop. */
final class GenerationConfig {
  private GenerationConfig() {}

  static OptionalInt maxNewTokens(Map<String, Object> config) {
    @Nullable Object value = config.get("max_new_tokens");
    return value == null ? OptionalInt.empty() : OptionalInt.of(integer("max_new_tokens", value));
  }

  /** One id or a list of ids; none if the key is absent. */
  static List<Integer> endOfSequenceIds(Map<String, Object> config) {
    @Nullable Object value = config.get("eos_token_id");
    List<Integer> ids = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (@Nullable Object element : list) {
        ids.add(integer("eos_token_id", element));
      }
    } else if (value != null) {
      ids.add(integer("eos_token_id", value));
    }
    return ids;
  }

  private static int integer(String key, @Nullable Object value) {
    if (value instanceof Number number && number.doubleValue() == number.intValue()) {
      return number.intValue();
    }
    throw new IllegalArgumentException(
        "generation_config.json: expected an integer for '%s', got %s".formatted(key, value));
  }
}
