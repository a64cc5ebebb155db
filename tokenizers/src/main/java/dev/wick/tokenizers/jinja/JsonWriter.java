package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's {@code json.dumps}, which the {@code tojson} filter of chat templates is. */
final class JsonWriter {
  private static final int MAX_DEPTH = 200;

  private final boolean ascii;
  private final @Nullable String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sortKeys;
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();
  private int accounted;

  private JsonWriter(
      boolean ascii,
      @Nullable String indent,
      String itemSeparator,
      String keySeparator,
      boolean sortKeys,
      Budget budget) {
    this.ascii = ascii;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
    this.sortKeys = sortKeys;
    this.budget = budget;
  }

  /**
   * The filter: {@code tojson(value, ensure_ascii=False, indent=None, separators=None,
   * sort_keys=False)}.
   */
  static Object filter(Object value, Arguments arguments, Rendering rendering) {
    Arguments.Bound bound =
        arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    String indent = indent(bound.get(1, None.NONE), rendering.budget());
    String item = indent == null ? ", " : ",";
    String key = ": ";
    Object separators = bound.get(2, None.NONE);
    if (separators != None.NONE) {
      List<Object> pair = Types.list(separators, rendering.budget());
      if (pair.size() != 2 || !Texts.isString(pair.get(0)) || !Texts.isString(pair.get(1))) {
        throw PythonError.value("separators: expected two strings");
      }
      item = Texts.chars(pair.get(0));
      key = Texts.chars(pair.get(1));
    }
    JsonWriter writer =
        new JsonWriter(bound.truth(0), indent, item, key, bound.truth(3), rendering.budget());
    writer.write(value, 0);
    return writer.out.toString();
  }

  private static @Nullable String indent(Object indent, Budget budget) {
    if (indent == None.NONE) {
      return null;
    }
    if (Texts.isString(indent)) {
      return Texts.chars(indent);
    }
    int width = Math.max(0, Numbers.index(indent));
    budget.reserve(width);
    return " ".repeat(width);
  }

  private void write(Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw PythonError.limit("tojson: expected at most %d nested values".formatted(MAX_DEPTH));
    }
    budget.grow(out.length(), out.length() - (long) accounted);
    accounted = out.length();
    switch (value) {
      case None _ -> out.append("null");
      case Boolean b -> out.append(b ? "true" : "false");
      case Double d -> out.append(real(d));
      case String s -> string(s);
      case Markup markup -> string(markup.text());
      case Dict dict -> dict(dict, depth);
      case List<?> list -> list(list, depth);
      case Tuple tuple -> list(tuple.items(), depth);
      default -> {
        if (!Numbers.isInteger(value)) {
          throw PythonError.type(
              "Object of type %s is not JSON serializable".formatted(Types.name(value)));
        }
        out.append(NumberText.of(value));
      }
    }
  }

  private static String real(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    return Double.isInfinite(value) ? value > 0 ? "Infinity" : "-Infinity" : NumberText.repr(value);
  }

  private void list(List<?> items, int depth) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    String separator = "";
    for (Object item : items) {
      out.append(separator);
      newLine(depth + 1);
      write(item, depth + 1);
      separator = itemSeparator;
    }
    newLine(depth);
    out.append(']');
  }

  private void dict(Dict dict, int depth) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    out.append('{');
    String separator = "";
    for (Dict.Entry entry : ordered(dict)) {
      out.append(separator);
      newLine(depth + 1);
      string(key(entry.key()));
      out.append(keySeparator);
      write(entry.value(), depth + 1);
      separator = itemSeparator;
    }
    newLine(depth);
    out.append('}');
  }

  private Iterable<Dict.Entry> ordered(Dict dict) {
    if (!sortKeys) {
      return dict.entries();
    }
    List<Dict.Entry> entries = new ArrayList<>();
    dict.entries().forEach(entries::add);
    return Sorting.sort(entries, Dict.Entry::key, false, budget);
  }

  private static String key(Object key) {
    return switch (key) {
      case String s -> s;
      case Markup markup -> markup.text();
      case None _ -> "null";
      case Boolean b -> b ? "true" : "false";
      case Double d -> real(d);
      default -> {
        if (!Numbers.isInteger(key)) {
          throw PythonError.type(
              "keys must be str, int, float, bool or None, not " + Types.name(key));
        }
        yield NumberText.of(key);
      }
    };
  }

  private void newLine(int depth) {
    if (indent != null) {
      budget.grow(out.length() + (long) indent.length() * depth, (long) indent.length() * depth);
      out.append('\n').repeat(indent, depth);
    }
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\f' -> out.append("\\f");
        case '\b' -> out.append("\\b");
        default -> {
          if (c < 0x20 || (ascii && c > 0x7e)) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /** Escapes what is not ASCII in a repr, as Python's {@code ascii} does. */
  static String asciiRepr(String repr) {
    StringBuilder out = new StringBuilder();
    repr.codePoints()
        .forEach(
            c ->
                out.append(
                    c < 0x80
                        ? Character.toString(c)
                        : (c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x")
                            .formatted(c)));
    return out.toString();
  }
}
