package dev.wick.formats.gguf;

import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.Quoted;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The metadata of a GGUF file. The typed questions answer empty for a key that is absent and throw
 * for a value of another kind. Immutable.
 */
public final class GgufMetadata {
  private final Path file;
  private final Map<String, Object> values;

  /** Trusts its arguments: {@link GgufHeaderParser} has checked them. */
  GgufMetadata(Path file, Map<String, Object> values) {
    this.file = file;
    this.values = Collections.unmodifiableMap(values);
  }

  /**
   * All of it in the order of the file: {@code Long} for every integer ({@code BigInteger} where an
   * unsigned one exceeds it), {@code Float}, {@code Double}, {@code Boolean}, {@code String}, and
   * unmodifiable {@code List} of them.
   */
  public Map<String, Object> values() {
    return values;
  }

  /** Whether there is a value. */
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /**
   * A text.
   *
   * @throws FormatException if it is something else, as for the other questions
   */
  public Optional<String> text(String key) throws FormatException {
    Object value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof String text) {
      return Optional.of(text);
    }
    throw refuse(key, "a text");
  }

  /**
   * A whole number of at least {@code min} that fits in an {@code int}; where the file has one per
   * layer, all of them the same.
   */
  public Optional<Integer> integer(String key, int min) throws FormatException {
    Object value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof List<?> perLayer && !perLayer.isEmpty()) {
      if (perLayer.stream().distinct().count() > 1) {
        throw refuse(key, "the same number for every layer");
      }
      value = perLayer.getFirst();
    }
    if (value instanceof Long number && number >= min && number <= Integer.MAX_VALUE) {
      return Optional.of(number.intValue());
    }
    throw refuse(key, "a whole number of at least " + min);
  }

  /** A finite number; an F32 as the shortest decimal that stands for it. */
  public Optional<Double> number(String key) throws FormatException {
    Object value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    double number =
        value instanceof Number
            ? Double.parseDouble(value.toString()) // not widened: 1.0E-6 means 1.0E-6
            : Double.NaN;
    if (!Double.isFinite(number)) {
      throw refuse(key, "a finite number");
    }
    return Optional.of(number);
  }

  /** A truth value. */
  public Optional<Boolean> flag(String key) throws FormatException {
    Object value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof Boolean flag) {
      return Optional.of(flag);
    }
    throw refuse(key, "a truth value");
  }

  /** A list of texts, empty for an absent key. */
  public List<String> texts(String key) throws FormatException {
    Object value = values.get(key);
    if (value instanceof GgufTexts texts) {
      return texts;
    }
    if (value == null || (value instanceof List<?> list && list.isEmpty())) {
      return List.of();
    }
    throw refuse(key, "a list of texts");
  }

  /** A list of whole numbers that fit in an {@code int}, empty for an absent key. */
  public List<Integer> integers(String key) throws FormatException {
    Object value = values.get(key);
    if (value == null) {
      return List.of();
    }
    List<Integer> numbers = new ArrayList<>();
    if (!(value instanceof List<?> list)) {
      throw refuse(key, "a list of whole numbers");
    }
    for (Object element : list) {
      if (!(element instanceof Long number) || number.intValue() != number) {
        throw refuse(key, "a list of whole numbers");
      }
      numbers.add(number.intValue());
    }
    return Collections.unmodifiableList(numbers);
  }

  /** The refusal of a value: names the file, the key, and what it holds. */
  public FormatException refuse(String key, String expected) {
    Object value = values.get(key);
    String got =
        switch (value) {
          case null -> "nothing";
          case String text -> Quoted.of(text);
          case List<?> list -> "a list of " + list.size();
          default -> value.toString();
        };
    return new FormatException(
        file, "metadata %s: expected %s, got %s".formatted(key, expected, got));
  }
}
