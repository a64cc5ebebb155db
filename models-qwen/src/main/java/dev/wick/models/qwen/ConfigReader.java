package dev.wick.models.qwen;

import dev.wick.engine.model.ModelSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Typed access to a {@code config.json}; every refusal names the file, the key and what it held.
 */
final class ConfigReader {
  private final String location;
  private final String prefix;
  private final Map<?, ?> values;

  private ConfigReader(String location, String prefix, Map<?, ?> values) {
    this.location = location;
    this.prefix = prefix;
    this.values = values;
  }

  static ConfigReader of(ModelSource source) {
    return new ConfigReader(source.location(), "", source.config());
  }

  boolean has(String key) {
    return values.get(key) != null;
  }

  IOException refuse(String key, String expected) {
    Object value = values.get(key);
    String got = value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
    return new IOException(
        "%s: config.json: %s%s: expected %s, got %s"
            .formatted(location, prefix, key, expected, value == null ? "nothing" : got));
  }

  /** A whole number of at least {@code min}. */
  int integer(String key, int min) throws IOException {
    if (values.get(key) instanceof Number number
        && (number instanceof Integer || number instanceof Long)
        && number.longValue() >= min
        && number.longValue() <= Integer.MAX_VALUE) {
      return number.intValue();
    }
    throw refuse(key, "a whole number of at least " + min);
  }

  int integer(String key, int min, int otherwise) throws IOException {
    return has(key) ? integer(key, min) : otherwise;
  }

  /** A finite number above {@code min}. */
  double number(String key, double min) throws IOException {
    if (values.get(key) instanceof Number number
        && Double.isFinite(number.doubleValue())
        && number.doubleValue() > min) {
      return number.doubleValue();
    }
    throw refuse(key, "a number greater than " + min);
  }

  double number(String key, double min, double otherwise) throws IOException {
    return has(key) ? number(key, min) : otherwise;
  }

  boolean flag(String key, boolean otherwise) throws IOException {
    if (!has(key)) {
      return otherwise;
    }
    if (values.get(key) instanceof Boolean flag) {
      return flag;
    }
    throw refuse(key, "true or false");
  }

  Optional<String> text(String key) throws IOException {
    if (!has(key)) {
      return Optional.empty();
    }
    if (values.get(key) instanceof String text) {
      return Optional.of(text);
    }
    throw refuse(key, "a string");
  }

  List<String> texts(String key) throws IOException {
    List<String> result = new ArrayList<>();
    for (Object item : list(key)) {
      if (!(item instanceof String text)) {
        throw refuse(key, "a list of strings");
      }
      result.add(text);
    }
    return result;
  }

  /** Whole numbers: a list, a single one, or none. */
  List<Integer> integers(String key) throws IOException {
    if (values.get(key) instanceof Integer single) {
      return List.of(single);
    }
    List<Integer> result = new ArrayList<>();
    for (Object item : list(key)) {
      if (!(item instanceof Integer number)) {
        throw refuse(key, "a list of whole numbers");
      }
      result.add(number);
    }
    return result;
  }

  private List<?> list(String key) throws IOException {
    if (!has(key)) {
      return List.of();
    }
    if (values.get(key) instanceof List<?> list) {
      return list;
    }
    throw refuse(key, "a list");
  }

  /** A nested object, or empty if there is none. */
  Optional<ConfigReader> object(String key) throws IOException {
    if (!has(key)) {
      return Optional.empty();
    }
    if (values.get(key) instanceof Map<?, ?> map) {
      return Optional.of(new ConfigReader(location, prefix + key + ".", map));
    }
    throw refuse(key, "an object");
  }
}
