package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The arguments of one call. */
record Arguments(List<Object> positional, Map<String, Object> keywords) {
  static final Arguments EMPTY = new Arguments(List.of(), Map.of());

  static Arguments of(Object... positional) {
    return new Arguments(List.of(positional), Map.of());
  }

  /** Returns the same arguments without the first positional ones. */
  Arguments skip(int count) {
    return new Arguments(positional.subList(count, positional.size()), keywords);
  }

  /**
   * Assigns the arguments to named parameters as Python does.
   *
   * @param required how many of the leading parameters have no default
   */
  Bound bind(String function, int required, String... names) {
    if (positional.size() > names.length) {
      throw PythonError.type(
          "%s() takes at most %d arguments (%d given)"
              .formatted(function, names.length, positional.size()));
    }
    List<@Nullable Object> values = new ArrayList<>(positional);
    Map<String, Object> rest = new LinkedHashMap<>(keywords);
    for (int i = 0; i < names.length; i++) {
      if (i < positional.size()) {
        if (rest.containsKey(names[i])) {
          throw PythonError.type(
              "%s() got multiple values for argument '%s'".formatted(function, names[i]));
        }
      } else {
        values.add(rest.remove(names[i]));
      }
      if (i < required && values.get(i) == null) {
        throw PythonError.type(
            "%s() missing required argument: '%s'".formatted(function, names[i]));
      }
    }
    if (!rest.isEmpty()) {
      throw PythonError.type(
          "%s() got an unexpected keyword argument '%s'"
              .formatted(function, rest.keySet().iterator().next()));
    }
    return new Bound(function, values);
  }

  /** Like {@link #bind} for functions that take no keywords. */
  Bound positionalOnly(String function, int required, int most) {
    if (!keywords.isEmpty()) {
      throw PythonError.type(function + "() takes no keyword arguments");
    }
    if (positional.size() < required || positional.size() > most) {
      throw PythonError.type(
          "%s() takes %d to %d arguments (%d given)"
              .formatted(function, required, most, positional.size()));
    }
    List<@Nullable Object> values = new ArrayList<>(positional);
    while (values.size() < most) {
      values.add(null);
    }
    return new Bound(function, values);
  }

  /** Arguments in the order of the parameters; an absent one is null. */
  record Bound(String function, List<@Nullable Object> values) {
    boolean has(int index) {
      return values.get(index) != null;
    }

    Object get(int index) {
      Object value = values.get(index);
      if (value == null) {
        throw PythonError.type(function + "() missing a required argument");
      }
      return value;
    }

    Object get(int index, Object absent) {
      Object value = values.get(index);
      return value == null ? absent : value;
    }

    boolean truth(int index) {
      Object value = values.get(index);
      return value != null && Types.truth(value);
    }

    /** Returns an integer, which an int or bool gives, clamped to the range of int. */
    int integer(int index, int absent) {
      Object value = values.get(index);
      return value == null ? absent : Numbers.index(value);
    }
  }
}
