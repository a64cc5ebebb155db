package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Arguments.Bound;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of Python's strings. */
final class StringMethods {
  private static final Set<String> NAMES =
      Set.of(
          "capitalize",
          "casefold",
          "center",
          "count",
          "endswith",
          "expandtabs",
          "find",
          "format",
          "format_map",
          "index",
          "isalnum",
          "isalpha",
          "isascii",
          "isdecimal",
          "isdigit",
          "isidentifier",
          "islower",
          "isnumeric",
          "isprintable",
          "isspace",
          "istitle",
          "isupper",
          "join",
          "ljust",
          "lower",
          "lstrip",
          "partition",
          "removeprefix",
          "removesuffix",
          "replace",
          "rfind",
          "rindex",
          "rjust",
          "rpartition",
          "rsplit",
          "rstrip",
          "split",
          "splitlines",
          "startswith",
          "strip",
          "swapcase",
          "title",
          "upper",
          "zfill");

  private StringMethods() {}

  static boolean exists(String name) {
    return NAMES.contains(name);
  }

  static Object call(Object self, String name, Arguments arguments, Rendering rendering) {
    String text = Texts.chars(self);
    Budget budget = rendering.budget();
    budget.reserve(text.length());
    return switch (name) {
      case "split" -> split(self, arguments, false, budget);
      case "rsplit" -> split(self, arguments, true, budget);
      case "splitlines" ->
          likeAll(self, Texts.lines(text, arguments.bind(name, 0, "keepends").truth(0)));
      case "strip" -> Texts.like(self, Texts.strip(text, stripChars(arguments, name)));
      case "lstrip" -> Texts.like(self, Texts.stripLeft(text, stripChars(arguments, name)));
      case "rstrip" -> Texts.like(self, Texts.stripRight(text, stripChars(arguments, name)));
      case "startswith", "endswith" -> affix(text, name, arguments);
      case "removeprefix" -> {
        String affix = string(arguments.positionalOnly(name, 1, 1).get(0), name);
        yield Texts.like(self, text.startsWith(affix) ? text.substring(affix.length()) : text);
      }
      case "removesuffix" -> {
        String affix = string(arguments.positionalOnly(name, 1, 1).get(0), name);
        yield Texts.like(
            self, text.endsWith(affix) ? text.substring(0, text.length() - affix.length()) : text);
      }
      case "find", "rfind", "index", "rindex", "count" -> search(text, name, arguments);
      case "replace" -> replace(self, arguments, budget);
      case "join" -> join(self, arguments.positionalOnly(name, 1, 1).get(0), budget);
      case "partition" ->
          partition(self, string(arguments.positionalOnly(name, 1, 1).get(0), name), false);
      case "rpartition" ->
          partition(self, string(arguments.positionalOnly(name, 1, 1).get(0), name), true);
      case "center", "ljust", "rjust" -> pad(self, name, arguments, budget);
      case "zfill" ->
          Texts.like(self, zeroFill(text, arguments.positionalOnly(name, 1, 1), budget));
      case "expandtabs" ->
          Texts.like(
              self, expandTabs(text, arguments.bind(name, 0, "tabsize").integer(0, 8), budget));
      case "format" -> StringFormat.format(self, arguments, rendering);
      case "format_map" -> StringFormat.formatMap(self, arguments, rendering);
      default -> {
        arguments.positionalOnly(name, 0, 0);
        yield Casing.call(self, name);
      }
    };
  }

  private static String string(Object value, String method) {
    if (!Texts.isString(value)) {
      throw PythonError.type(
          "%s() argument must be str, not %s".formatted(method, Types.name(value)));
    }
    return Texts.chars(value);
  }

  private static @Nullable String stripChars(Arguments arguments, String name) {
    Object chars = arguments.positionalOnly(name, 0, 1).get(0, None.NONE);
    if (chars == None.NONE) {
      return null;
    }
    if (!Texts.isString(chars)) {
      throw PythonError.type(name + " arg must be None or str");
    }
    return Texts.chars(chars);
  }

  private static List<Object> likeAll(Object model, List<String> parts) {
    List<Object> result = new ArrayList<>(parts.size());
    parts.forEach(part -> result.add(Texts.like(model, part)));
    return result;
  }

  private static Object split(Object self, Arguments arguments, boolean fromRight, Budget budget) {
    Bound bound = arguments.bind("split", 0, "sep", "maxsplit");
    int most = bound.integer(1, -1);
    Object separator = bound.get(0, None.NONE);
    String text = Texts.chars(self);
    if (separator == None.NONE) {
      return likeAll(self, Splitting.words(text, most, fromRight));
    }
    String by = string(separator, "split");
    if (by.isEmpty()) {
      throw PythonError.value("empty separator");
    }
    List<String> parts = Splitting.split(text, by, most, fromRight);
    budget.reserve(parts.size());
    return likeAll(self, parts);
  }

  private static Object partition(Object self, String separator, boolean last) {
    String text = Texts.chars(self);
    if (separator.isEmpty()) {
      throw PythonError.value("empty separator");
    }
    int at =
        last
            ? Search.lastIndexOf(text, separator, text.length())
            : Search.indexOf(text, separator, 0);
    if (at < 0) {
      Object whole = Texts.like(self, text);
      Object empty = Texts.like(self, "");
      return last ? Tuple.of(empty, empty, whole) : Tuple.of(whole, empty, empty);
    }
    return Tuple.of(
        Texts.like(self, text.substring(0, at)),
        Texts.like(self, separator),
        Texts.like(self, text.substring(at + separator.length())));
  }

  private static Object affix(String text, String name, Arguments arguments) {
    Bound bound = arguments.positionalOnly(name, 1, 3);
    Splitting.Window window = Splitting.window(text, bound);
    if (window == null) {
      return false;
    }
    List<?> candidates =
        bound.get(0) instanceof Tuple tuple ? tuple.items() : List.of(bound.get(0));
    for (Object candidate : candidates) {
      if (!Texts.isString(candidate)) {
        throw PythonError.type(
            "%s first arg must be str or a tuple of str, not %s"
                .formatted(name, Types.name(candidate)));
      }
      String affix = Texts.chars(candidate);
      if (name.equals("startswith")
          ? window.text().startsWith(affix)
          : window.text().endsWith(affix)) {
        return true;
      }
    }
    return false;
  }

  private static Object search(String text, String name, Arguments arguments) {
    Bound bound = arguments.positionalOnly(name, 1, 3);
    String wanted = string(bound.get(0), name);
    Splitting.Window window = Splitting.window(text, bound);
    if (name.equals("count")) {
      return window == null ? 0L : Splitting.count(window.text(), wanted);
    }
    int found = -1;
    if (window != null) {
      found =
          name.startsWith("r")
              ? Search.lastIndexOf(window.text(), wanted, window.text().length())
              : Search.indexOf(window.text(), wanted, 0);
    }
    if (found < 0 && name.endsWith("index")) {
      throw PythonError.value("substring not found");
    }
    return found < 0 || window == null
        ? -1L
        : window.start() + (long) window.text().codePointCount(0, found);
  }

  private static Object replace(Object self, Arguments arguments, Budget budget) {
    Bound bound = arguments.positionalOnly("replace", 2, 3);
    String old = string(bound.get(0), "replace");
    String with = string(bound.get(1), "replace");
    if (self instanceof Markup) {
      with = Markup.escape(bound.get(1)).text();
    }
    return Texts.like(
        self, Splitting.replace(Texts.chars(self), old, with, bound.integer(2, -1), budget));
  }

  /** Returns {@code self.join(items)}. */
  static Object join(Object self, Object items, Budget budget) {
    String separator = Texts.chars(self);
    StringBuilder out = new StringBuilder();
    Iterator<Object> iterator = Types.iterate(items);
    for (int i = 0; iterator.hasNext(); i++) {
      Object item = iterator.next();
      if (!Texts.isString(item) && !(self instanceof Markup)) {
        throw PythonError.type(
            "sequence item %d: expected str instance, %s found".formatted(i, Types.name(item)));
      }
      String part = self instanceof Markup ? Markup.escape(item).text() : Texts.chars(item);
      int added = part.length() + separator.length();
      budget.grow((long) out.length() + added, added);
      out.append(i == 0 ? "" : separator).append(part);
    }
    return Texts.like(self, out.toString());
  }

  private static Object pad(Object self, String name, Arguments arguments, Budget budget) {
    Bound bound = arguments.positionalOnly(name, 1, 2);
    String fill = string(bound.get(1, " "), name);
    if (self instanceof Markup) {
      fill = Markup.escape(bound.get(1, " ")).text();
    }
    if (Texts.length(fill) != 1) {
      throw PythonError.type("The fill character must be exactly one character long");
    }
    return Texts.like(self, pad(Texts.chars(self), name, bound.integer(0, 0), fill, budget));
  }

  /** Pads as {@code center}, {@code ljust} or {@code rjust}. */
  static String pad(String text, String method, int width, String fill, Budget budget) {
    int missing = width - Texts.length(text);
    if (missing <= 0) {
      return text;
    }
    budget.reserve(width);
    int left =
        switch (method) {
          case "ljust" -> 0;
          case "rjust" -> missing;
          default -> missing / 2 + (missing & width & 1);
        };
    return fill.repeat(left) + text + fill.repeat(missing - left);
  }

  private static String zeroFill(String text, Bound bound, Budget budget) {
    int width = bound.integer(0, 0);
    int missing = width - Texts.length(text);
    if (missing <= 0) {
      return text;
    }
    budget.reserve(width);
    boolean signed = text.startsWith("+") || text.startsWith("-");
    return signed
        ? text.charAt(0) + "0".repeat(missing) + text.substring(1)
        : "0".repeat(missing) + text;
  }

  private static String expandTabs(String text, int size, Budget budget) {
    StringBuilder out = new StringBuilder();
    int column = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (c == '\t') {
        int spaces = size <= 0 ? 0 : size - column % size;
        budget.grow((long) out.length() + spaces, spaces);
        out.repeat(' ', spaces);
        column += spaces;
      } else {
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }
}
