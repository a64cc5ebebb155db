package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code a.b}, {@code a[b]} and {@code a[b:c:d]} with the rules of jinja2's immutable sandbox. */
final class Subscripts {
  private Subscripts() {}

  /** Returns {@code value.name}: the attribute, else the item, else undefined. */
  static Object attribute(Object value, String name, Budget budget) {
    Object attribute = Attributes.find(value, name);
    if (attribute != null) {
      return attribute;
    }
    try {
      return item(value, name, budget);
    } catch (PythonError error) {
      if (!error.isType() && !error.isLookup()) {
        throw error;
      }
      return Undefined.member(value, name);
    }
  }

  /** Returns {@code value[key]}: the item, else the attribute of that name, else undefined. */
  static Object element(Object value, Object key, Budget budget) {
    try {
      return item(value, key, budget);
    } catch (PythonError error) {
      if (!error.isType() && !error.isLookup()) {
        throw error;
      }
      Object attribute = Texts.isString(key) ? Attributes.find(value, Texts.chars(key)) : null;
      return attribute == null ? Undefined.member(value, key) : attribute;
    }
  }

  private static Object item(Object value, Object key, Budget budget) {
    if (Texts.isString(value)) {
      budget.touch(value);
    }
    return switch (value) {
      case Undefined undefined -> throw undefined.error();
      case Dict dict -> {
        Object found = dict.get(key);
        if (found == null) {
          throw PythonError.key(PythonText.repr(key));
        }
        yield found;
      }
      case String s -> character(s, position(value, key));
      case Markup markup -> new Markup(character(markup.text(), position(value, key)));
      case List<?> list -> list.get(checked(value, position(value, key), list.size()));
      case Tuple tuple ->
          tuple.items().get(checked(value, position(value, key), tuple.items().size()));
      case Range range -> range.at(checked(value, position(value, key), range.size()));
      default ->
          throw PythonError.type("'%s' object is not subscriptable".formatted(Types.name(value)));
    };
  }

  private static int position(Object value, Object key) {
    if (!Numbers.isInteger(key)) {
      throw PythonError.type(
          "%s indices must be integers or slices, not %s"
              .formatted(Types.name(value), Types.name(key)));
    }
    return Numbers.index(key);
  }

  private static int checked(Object value, int index, int size) {
    long position = index < 0 ? (long) index + size : index;
    if (position < 0 || position >= size) {
      throw PythonError.index(Types.name(value) + " index out of range");
    }
    return (int) position;
  }

  private static String character(String text, int index) {
    int position = checked(text, index, Texts.length(text));
    return Texts.substring(text, position, position + 1);
  }

  /** Returns {@code value[start:stop:step]}; an absent bound is null. */
  static Object slice(
      Object value,
      @Nullable Object start,
      @Nullable Object stop,
      @Nullable Object step,
      Budget budget) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (start == None.NONE || stop == None.NONE) {
      return slice(
          value, start == None.NONE ? null : start, stop == None.NONE ? null : stop, step, budget);
    }
    boolean string = Texts.isString(value);
    if (!string
        && !(value instanceof List<?>)
        && !(value instanceof Tuple)
        && !(value instanceof Range)) {
      throw PythonError.type(
          value instanceof Dict
              ? "unhashable type: 'slice'"
              : "'%s' object is not subscriptable".formatted(Types.name(value)));
    }
    int size = Types.length(value);
    int stride = bound(step, 1);
    if (stride == 0) {
      throw PythonError.value("slice step cannot be zero");
    }
    long from = clamp(bound(start, stride > 0 ? 0 : Integer.MAX_VALUE), size, stride);
    long to = stop == null && stride < 0 ? -1 : clamp(bound(stop, Integer.MAX_VALUE), size, stride);
    if (start == null && stride < 0) {
      from = size - 1L;
    }
    budget.reserve(size);
    if (string && stride == 1) {
      return Texts.like(
          value, from >= to ? "" : Texts.substring(Texts.chars(value), (int) from, (int) to));
    }
    if (value instanceof Range range) {
      return new Range(
          range.start() + from * range.step(),
          range.start() + to * range.step(),
          range.step() * stride);
    }
    return select(value, from, to, stride);
  }

  private static Object select(Object value, long from, long to, int stride) {
    if (Texts.isString(value)) {
      int[] points = Texts.chars(value).codePoints().toArray();
      StringBuilder out = new StringBuilder();
      for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
        out.appendCodePoint(points[(int) i]);
      }
      return Texts.like(value, out.toString());
    }
    List<?> items = value instanceof Tuple tuple ? tuple.items() : (List<?>) value;
    List<Object> out = new ArrayList<>();
    for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
      out.add(items.get((int) i));
    }
    return value instanceof Tuple ? Tuple.of(out) : out;
  }

  private static int bound(@Nullable Object value, int absent) {
    if (value == null || value == None.NONE) {
      return absent;
    }
    if (value instanceof Undefined || !Numbers.isInteger(value)) {
      throw PythonError.type("slice indices must be integers or None or have an __index__ method");
    }
    return Numbers.index(value);
  }

  private static long clamp(long index, int size, int stride) {
    long position = index < 0 ? index + size : index;
    return stride > 0 ? Math.clamp(position, 0, size) : Math.clamp(position, -1, size - 1L);
  }
}
