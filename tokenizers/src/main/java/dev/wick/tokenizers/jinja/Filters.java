package dev.wick.tokenizers.jinja;

import java.util.HashMap;
import java.util.Map;

/** The filters by name. */
final class Filters {
  /** What a filter does. */
  @FunctionalInterface
  interface Filter {
    Object apply(Object value, Arguments arguments, Rendering rendering);
  }

  private static final Map<String, Filter> ALL = new HashMap<>();

  static {
    ALL.putAll(TextFilters.ALL);
    ALL.putAll(HtmlFilters.ALL);
    ALL.putAll(NumberFilters.ALL);
    ALL.putAll(SequenceFilters.ALL);
    ALL.putAll(SelectionFilters.ALL);
    ALL.put("tojson", JsonWriter::filter);
  }

  private Filters() {}

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static Object apply(String name, Object value, Arguments arguments, Rendering rendering) {
    Filter filter = ALL.get(name);
    if (filter == null) {
      throw PythonError.failure("No filter named " + PythonText.repr(name) + " found.");
    }
    rendering.budget().touch(value);
    arguments.positional().forEach(rendering.budget()::touch);
    return filter.apply(value, arguments, rendering);
  }
}
