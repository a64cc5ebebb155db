package dev.wick.tokenizers.jinja;

import java.util.List;

/**
 * Python's tuple.
 *
 * @param names names of the leading items, for the pairs that {@code groupby} yields
 */
record Tuple(List<Object> items, List<String> names) {
  Tuple {
    items = List.copyOf(items);
  }

  static Tuple of(Object... items) {
    return new Tuple(List.of(items), List.of());
  }

  static Tuple of(List<Object> items) {
    return new Tuple(items, List.of());
  }
}
