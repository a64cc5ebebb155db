package dev.wick.tokenizers.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns Java values, such as JSON trees read into maps and lists, into template values. */
final class JavaValues {
  private static final int MAX_DEPTH = 200;

  private JavaValues() {}

  /**
   * Converts a variable.
   *
   * @throws IllegalArgumentException if it is or contains a value of another type, or nests too
   *     deeply
   */
  static Object convert(String name, @Nullable Object value) {
    return convert(name, value, 0);
  }

  private static Object convert(String name, @Nullable Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "template variable %s: expected at most %d nested values".formatted(name, MAX_DEPTH));
    }
    return switch (value) {
      case null -> None.NONE;
      case Boolean b -> b;
      case String s -> s;
      case CharSequence chars -> chars.toString();
      case Character c -> c.toString();
      case Long n -> n;
      case Integer n -> n.longValue();
      case Short n -> n.longValue();
      case Byte n -> n.longValue();
      case BigInteger n -> Numbers.normalize(n);
      case Double d -> d;
      case Float f -> f.doubleValue();
      case BigDecimal d -> d.doubleValue();
      case Map<?, ?> map -> dict(name, map, depth);
      case Iterable<?> items -> list(name, items, depth);
      case Object[] items -> list(name, List.of(items), depth);
      default ->
          throw new IllegalArgumentException(
              "template variable %s: expected null, a boolean, number, string, list or map, got %s"
                  .formatted(name, value.getClass().getName()));
    };
  }

  private static Dict dict(String name, Map<?, ?> map, int depth) {
    Dict dict = new Dict();
    map.forEach(
        (key, value) -> dict.put(convert(name, key, depth + 1), convert(name, value, depth + 1)));
    return dict;
  }

  private static List<Object> list(String name, Iterable<?> items, int depth) {
    List<Object> list = new ArrayList<>();
    for (Object item : items) {
      list.add(convert(name, item, depth + 1));
    }
    return list;
  }
}
