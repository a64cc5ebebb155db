package dev.wick.tokenizers.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Maps a value to a Java object whose equality is Python's equality of hashable values. */
final class Hashing {
  private static final int MAX_ITEMS = 2_000;

  private record TupleKey(List<Object> items) {}

  private Hashing() {}

  static Object key(Object value) {
    return key(value, new int[1]);
  }

  private static Object key(Object value, int[] visited) {
    if (++visited[0] > MAX_ITEMS) {
      throw PythonError.limit("expected at most %d items in a key".formatted(MAX_ITEMS));
    }
    return switch (value) {
      case Boolean b -> b ? 1L : 0L;
      case Double d when d == Math.rint(d) && !Double.isInfinite(d) ->
          Numbers.normalize(new BigDecimal(d).toBigIntegerExact());
      case Markup markup -> markup.text();
      case Undefined _ -> Undefined.class;
      case Tuple tuple -> {
        List<Object> items = new ArrayList<>(tuple.items().size());
        for (Object item : tuple.items()) {
          items.add(key(item, visited));
        }
        yield new TupleKey(items);
      }
      case List<?> _ -> throw PythonError.type("unhashable type: 'list'");
      case Dict _ -> throw PythonError.type("unhashable type: 'dict'");
      case DictView view ->
          throw PythonError.type("unhashable type: '" + view.kind().typeName() + "'");
      default -> value;
    };
  }
}
