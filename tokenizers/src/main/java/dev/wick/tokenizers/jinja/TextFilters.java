package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Arguments.Bound;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The filters that make text of text. */
final class TextFilters {
  static final Map<String, Filters.Filter> ALL =
      Map.ofEntries(
          Map.entry(
              "capitalize",
              (value, arguments, rendering) -> plain(value, arguments, rendering, "capitalize")),
          Map.entry(
              "lower",
              (value, arguments, rendering) -> plain(value, arguments, rendering, "lower")),
          Map.entry(
              "upper",
              (value, arguments, rendering) -> plain(value, arguments, rendering, "upper")),
          Map.entry("center", TextFilters::center),
          Map.entry("format", TextFilters::format),
          Map.entry("indent", TextFilters::indent),
          Map.entry("replace", TextFilters::replace),
          Map.entry("string", TextFilters::string),
          Map.entry("title", TextFilters::title),
          Map.entry("trim", TextFilters::trim),
          Map.entry("truncate", TextFilters::truncate),
          Map.entry("pprint", TextFilters::pretty),
          Map.entry("wordcount", TextFilters::wordCount),
          Map.entry("wordwrap", TextFilters::wordWrap));

  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}_]+");

  private TextFilters() {}

  /** Returns a string as it is, and anything else as its {@code str}. */
  private static Object soft(Object value, Rendering rendering) {
    if (Texts.isString(value)) {
      return value;
    }
    String text = PythonText.str(value);
    rendering.budget().touch(text);
    return text;
  }

  private static Object plain(
      Object value, Arguments arguments, Rendering rendering, String method) {
    arguments.bind(method, 0);
    return Casing.call(soft(value, rendering), method);
  }

  private static Object string(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("string", 0);
    return soft(value, rendering);
  }

  private static Object center(Object value, Arguments arguments, Rendering rendering) {
    int width = arguments.bind("center", 0, "width").integer(0, 80);
    Object text = soft(value, rendering);
    return Texts.like(
        text, StringMethods.pad(Texts.chars(text), "center", width, " ", rendering.budget()));
  }

  private static Object format(Object value, Arguments arguments, Rendering rendering) {
    if (!arguments.positional().isEmpty() && !arguments.keywords().isEmpty()) {
      throw PythonError.type("can't handle positional and keyword arguments at the same time");
    }
    if (arguments.keywords().isEmpty()) {
      return PercentFormat.format(
          soft(value, rendering), Tuple.of(arguments.positional()), rendering.budget());
    }
    Dict values = new Dict();
    arguments.keywords().forEach(values::put);
    return PercentFormat.format(soft(value, rendering), values, rendering.budget());
  }

  private static Object indent(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("indent", 0, "width", "first", "blank");
    Undefined.check(value);
    if (!Texts.isString(value)) {
      throw PythonError.type("can only concatenate str to " + Types.name(value));
    }
    Budget budget = rendering.budget();
    Object width = bound.get(0, 4L);
    if (!Texts.isString(width)) {
      budget.reserve(Numbers.index(width));
    }
    String indention =
        Texts.isString(width) ? Texts.chars(width) : " ".repeat(Math.max(0, Numbers.index(width)));
    List<String> lines = Texts.lines(Texts.chars(value) + "\n", false);
    budget.reserve(Texts.chars(value).length() + (long) lines.size() * (indention.length() + 1));
    StringBuilder out = new StringBuilder(bound.truth(1) ? indention : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (i > 0) {
        out.append('\n').append(line.isEmpty() && !bound.truth(2) ? "" : indention);
      }
      out.append(line);
    }
    return Texts.like(value, out.toString());
  }

  private static Object replace(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("replace", 2, "old", "new", "count");
    int count = bound.get(2, None.NONE) == None.NONE ? -1 : bound.integer(2, -1);
    return Splitting.replace(
        PythonText.str(value),
        PythonText.str(bound.get(0)),
        PythonText.str(bound.get(1)),
        count,
        rendering.budget());
  }

  private static Object title(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("title", 0);
    String text = Texts.chars(soft(value, rendering));
    rendering.budget().reserve(text.length());
    StringBuilder out = new StringBuilder();
    StringBuilder word = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || Texts.isSpace(c)) {
                titled(word, out);
                out.appendCodePoint(c);
              } else {
                word.appendCodePoint(c);
              }
            });
    titled(word, out);
    return out.toString();
  }

  private static void titled(StringBuilder word, StringBuilder out) {
    if (!word.isEmpty()) {
      int first = Character.charCount(word.codePointAt(0));
      out.append(Casing.upper(word.substring(0, first)))
          .append(Casing.lower(word.substring(first)));
      word.setLength(0);
    }
  }

  private static Object trim(Object value, Arguments arguments, Rendering rendering) {
    Object chars = arguments.bind("trim", 0, "chars").get(0, None.NONE);
    Object text = soft(value, rendering);
    if (chars != None.NONE && !Texts.isString(chars)) {
      throw PythonError.type("strip arg must be None or str");
    }
    return Texts.like(
        text, Texts.strip(Texts.chars(text), chars == None.NONE ? null : Texts.chars(chars)));
  }

  private static Object truncate(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    int length = bound.integer(0, 255);
    Object end = bound.get(2, "...");
    int leeway = bound.get(3, None.NONE) == None.NONE ? 5 : bound.integer(3, 5);
    int endLength = Types.length(end);
    if (length < endLength) {
      throw PythonError.value("expected length >= %d, got %d".formatted(endLength, length));
    }
    if (leeway < 0) {
      throw PythonError.value("expected leeway >= 0, got %d".formatted(leeway));
    }
    if (Types.length(value) <= (long) length + leeway) {
      return value;
    }
    Budget budget = rendering.budget();
    Object cut = Subscripts.slice(value, null, (long) length - endLength, null, budget);
    if (!bound.truth(1)) {
      String text = Texts.chars(cut);
      int space = text.lastIndexOf(' ');
      cut = Texts.like(cut, space < 0 ? text : text.substring(0, space));
    }
    return Operators.binary("+", cut, end, rendering);
  }

  /**
   * Python breaks long values over lines of 80; chat templates print short ones, which stay on one.
   */
  private static Object pretty(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("pprint", 0);
    return PythonText.repr(value);
  }

  private static Object wordCount(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("wordcount", 0);
    return WORD.matcher(Texts.chars(soft(value, rendering))).results().count();
  }

  private static Object wordWrap(Object value, Arguments arguments, Rendering rendering) {
    Bound bound =
        arguments.bind(
            "wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
    Undefined.check(value);
    if (!Texts.isString(value)) {
      throw PythonError.type("wordwrap: expected str, got " + Types.name(value));
    }
    Object with = bound.get(2, None.NONE);
    return WordWrap.wrap(
        Texts.chars(value),
        bound.integer(0, 79),
        !bound.has(1) || bound.truth(1),
        with == None.NONE ? "\n" : Texts.chars(with),
        !bound.has(3) || bound.truth(3),
        rendering.budget());
  }
}
