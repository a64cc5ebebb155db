package dev.wick.tokenizers.jinja;

import java.util.List;
import java.util.Map;

/** Python's {@code str.format}, with members looked up by the rules of the sandbox. */
final class StringFormat {
  private static final int MAX_NESTING = 2;

  private final Object self;
  private final List<Object> positional;
  private final Lookup keywords;
  private final Rendering rendering;
  private int automatic;
  private boolean numbered;

  @FunctionalInterface
  private interface Lookup {
    Object get(String name);
  }

  private StringFormat(Object self, List<Object> positional, Lookup keywords, Rendering rendering) {
    this.self = self;
    this.positional = positional;
    this.keywords = keywords;
    this.rendering = rendering;
  }

  static Object format(Object self, Arguments arguments, Rendering rendering) {
    Map<String, Object> keywords = arguments.keywords();
    StringFormat format =
        new StringFormat(
            self, arguments.positional(), name -> required(keywords.get(name), name), rendering);
    return Texts.like(self, format.expand(Texts.chars(self), MAX_NESTING));
  }

  static Object formatMap(Object self, Arguments arguments, Rendering rendering) {
    Object mapping = arguments.positionalOnly("format_map", 1, 1).get(0);
    if (!(mapping instanceof Dict dict)) {
      throw PythonError.type("format_map() argument must be a mapping, not " + Types.name(mapping));
    }
    StringFormat format =
        new StringFormat(self, List.of(), name -> required(dict.get(name), name), rendering);
    return Texts.like(self, format.expand(Texts.chars(self), MAX_NESTING));
  }

  private static Object required(@org.jspecify.annotations.Nullable Object value, String name) {
    if (value == null) {
      throw PythonError.key(PythonText.repr(name));
    }
    return value;
  }

  private String expand(String text, int nesting) {
    if (nesting == 0) {
      throw PythonError.value("Max string recursion exceeded");
    }
    StringBuilder out = new StringBuilder();
    int position = 0;
    while (position < text.length()) {
      char c = text.charAt(position);
      if (c != '{' && c != '}') {
        out.append(c);
        position++;
      } else if (position + 1 < text.length() && text.charAt(position + 1) == c) {
        out.append(c);
        position += 2;
      } else if (c == '}') {
        throw PythonError.value("Single '}' encountered in format string");
      } else {
        int end = fieldEnd(text, position + 1);
        String field = field(text.substring(position + 1, end), nesting);
        rendering.budget().grow((long) out.length() + field.length(), field.length());
        out.append(field);
        position = end + 1;
      }
    }
    return out.toString();
  }

  private static int fieldEnd(String text, int start) {
    int depth = 1;
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '[' && depth == 1 && text.indexOf(':', start) < 0) {
        int close = text.indexOf(']', i);
        i = close < 0 ? i : close;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return i;
      }
    }
    throw PythonError.value(
        start >= text.length()
            ? "Single '{' encountered in format string"
            : "expected '}' before end of string");
  }

  private String field(String field, int nesting) {
    int split = nameEnd(field);
    String name = field.substring(0, split);
    String rest = field.substring(split);
    char conversion = 0;
    if (rest.startsWith("!")) {
      if (rest.length() < 2 || (rest.length() > 2 && rest.charAt(2) != ':')) {
        throw PythonError.value("expected ':' after conversion specifier");
      }
      conversion = rest.charAt(1);
      rest = rest.substring(2);
    }
    String spec = rest.startsWith(":") ? rest.substring(1) : "";
    Object value = convert(resolve(name), conversion);
    String expanded = expand(spec, nesting - 1 + (spec.isEmpty() ? 1 : 0));
    if (self instanceof Markup) {
      if (value instanceof Markup markup) {
        if (!expanded.isEmpty()) {
          throw PythonError.value("Unsupported format specification for Markup.");
        }
        return markup.text();
      }
      return Markup.escapeText(FormatSpec.format(value, expanded, rendering.budget()));
    }
    return FormatSpec.format(value, expanded, rendering.budget());
  }

  private static int nameEnd(String field) {
    boolean bracket = false;
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '[') {
        bracket = true;
      } else if (c == ']') {
        bracket = false;
      } else if (!bracket && (c == ':' || c == '!')) {
        return i;
      }
    }
    return field.length();
  }

  private static Object convert(Object value, char conversion) {
    return switch (conversion) {
      case 0 -> value;
      case 's' -> PythonText.str(value);
      case 'r' -> PythonText.repr(value);
      case 'a' -> JsonWriter.asciiRepr(PythonText.repr(value));
      default -> throw PythonError.value("Unknown conversion specifier '" + conversion + "'");
    };
  }

  private Object resolve(String name) {
    int end = 0;
    while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
      end++;
    }
    Object value = first(name.substring(0, end));
    while (end < name.length()) {
      if (name.charAt(end) == '.') {
        int stop = end + 1;
        while (stop < name.length() && name.charAt(stop) != '.' && name.charAt(stop) != '[') {
          stop++;
        }
        value =
            Subscripts.attribute(value, member(name.substring(end + 1, stop)), rendering.budget());
        end = stop;
      } else {
        int close = name.indexOf(']', end);
        if (name.charAt(end) != '[' || close < 0) {
          throw PythonError.value("Only '.' or '[' may follow ']' in format field specifier");
        }
        String key = member(name.substring(end + 1, close));
        boolean index = key.chars().allMatch(c -> c >= '0' && c <= '9');
        value =
            Subscripts.element(
                value, index ? (Object) (long) position(key) : key, rendering.budget());
        end = close + 1;
      }
    }
    return value;
  }

  private static String member(String name) {
    if (name.isEmpty()) {
      throw PythonError.value("Empty attribute in format string");
    }
    return name;
  }

  private static int position(String digits) {
    if (digits.length() > 9) {
      throw PythonError.value("Too many decimal digits in format string");
    }
    return Integer.parseInt(digits);
  }

  private Object first(String name) {
    boolean number = name.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!number) {
      return keywords.get(name);
    }
    if (name.isEmpty() ? numbered : automatic > 0) {
      throw PythonError.value(
          "cannot mix manual field specification and automatic field numbering");
    }
    numbered |= !name.isEmpty();
    int index = name.isEmpty() ? automatic++ : position(name);
    if (index >= positional.size()) {
      throw PythonError.index(
          "Replacement index %d out of range for positional args tuple".formatted(index));
    }
    return positional.get(index);
  }
}
