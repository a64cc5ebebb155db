package dev.wick.tokenizers.jinja;

import java.util.List;
import java.util.Map;

/** Python's {@code str} and {@code repr}. */
final class PythonText {
  private static final int MAX_DEPTH = 100;

  /** Lists that share items may print far longer than they are. */
  private static final int MAX_LENGTH = 1 << 24;

  private PythonText() {}

  static String str(Object value) {
    return switch (value) {
      case String s -> s;
      case Markup markup -> markup.text();
      case Undefined _ -> "";
      default -> repr(value);
    };
  }

  static String repr(Object value) {
    StringBuilder out = new StringBuilder();
    repr(value, out, 0);
    return out.toString();
  }

  private static void repr(Object value, StringBuilder out, int depth) {
    if (depth > MAX_DEPTH) {
      throw PythonError.limit("expected at most %d nested values to print".formatted(MAX_DEPTH));
    }
    if (out.length() > MAX_LENGTH) {
      throw PythonError.limit("expected at most %d characters to print".formatted(MAX_LENGTH));
    }
    switch (value) {
      case None _ -> out.append("None");
      case String s -> quote(s, out);
      case Markup markup -> {
        out.append("Markup(");
        quote(markup.text(), out);
        out.append(')');
      }
      case List<?> list -> sequence("[", list, "]", out, depth);
      case Tuple tuple ->
          sequence("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", out, depth);
      case Dict dict -> dict(dict, out, depth);
      case DictView view -> sequence(view.kind().typeName() + "([", view.list(), "])", out, depth);
      case Range range -> {
        out.append("range(").append(range.start()).append(", ").append(range.stop());
        out.append(range.step() == 1 ? ")" : ", " + range.step() + ")");
      }
      case Namespace namespace -> namespace(namespace, out, depth);
      case Undefined _ -> out.append("Undefined");
      case Macro macro -> out.append(macro.describe());
      case LoopContext loop ->
          out.append("<LoopContext %d/%d>".formatted(loop.index0() + 1, loop.length()));
      case Function function ->
          out.append("<")
              .append(function.typeName())
              .append(" ")
              .append(function.name())
              .append(">");
      default -> {
        if (Numbers.isNumber(value)) {
          out.append(NumberText.of(value));
        } else {
          out.append("<").append(Types.name(value)).append(" object>");
        }
      }
    }
  }

  private static void sequence(
      String open, List<?> items, String close, StringBuilder out, int depth) {
    out.append(open);
    String separator = "";
    for (Object item : items) {
      out.append(separator);
      repr(item, out, depth + 1);
      separator = ", ";
    }
    out.append(close);
  }

  private static void dict(Dict dict, StringBuilder out, int depth) {
    out.append('{');
    String separator = "";
    for (Dict.Entry entry : dict.entries()) {
      out.append(separator);
      repr(entry.key(), out, depth + 1);
      out.append(": ");
      repr(entry.value(), out, depth + 1);
      separator = ", ";
    }
    out.append('}');
  }

  private static void namespace(Namespace namespace, StringBuilder out, int depth) {
    out.append("<Namespace {");
    String separator = "";
    for (Map.Entry<String, Object> entry : namespace.attributes().entrySet()) {
      out.append(separator);
      quote(entry.getKey(), out);
      out.append(": ");
      repr(entry.getValue(), out, depth + 1);
      separator = ", ";
    }
    out.append("}>");
  }

  private static void quote(String text, StringBuilder out) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                  if (c == quote) {
                    out.append('\\').append(quote);
                  } else if (isPrintable(c)) {
                    out.appendCodePoint(c);
                  } else {
                    escape(c, out);
                  }
                }
              }
            });
    out.append(quote);
  }

  private static void escape(int c, StringBuilder out) {
    out.append(
        c < 0x100
            ? "\\x%02x".formatted(c)
            : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c));
  }

  static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
