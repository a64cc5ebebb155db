package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Arguments.Bound;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template can call. */
final class Globals {
  private static final Map<String, Object> ALL =
      Map.of(
          "range", Function.builtin("range", Globals::range),
          "dict", type("dict", Globals::dict),
          "namespace", type("jinja2.utils.Namespace", Globals::namespace),
          "cycler",
              type(
                  "jinja2.utils.Cycler",
                  (_, arguments) -> new Cycler(positional(arguments).positional())),
          "joiner",
              type(
                  "jinja2.utils.Joiner",
                  (_, arguments) -> new Joiner(arguments.bind("joiner", 0, "sep").get(0, ", "))),
          "lipsum", Function.builtin("lipsum", Globals::lipsum),
          "raise_exception", Function.builtin("raise_exception", Globals::raise),
          "strftime_now", Function.builtin("strftime_now", Globals::now));

  private Globals() {}

  static @Nullable Object find(String name) {
    return ALL.get(name);
  }

  private static Function type(String name, Function.Body body) {
    return new Function("'" + name + "'", "class", body);
  }

  private static Arguments positional(Arguments arguments) {
    if (!arguments.keywords().isEmpty()) {
      throw PythonError.type("cycler() takes no keyword arguments");
    }
    return arguments;
  }

  private static Object range(Rendering rendering, Arguments arguments) {
    Bound bound = arguments.positionalOnly("range", 1, 3);
    long first = integer(bound.get(0));
    return bound.has(1)
        ? Range.of(first, integer(bound.get(1)), bound.has(2) ? integer(bound.get(2)) : 1)
        : Range.of(0, first, 1);
  }

  private static long integer(Object value) {
    Undefined.check(value);
    if (!(Numbers.isInteger(value) ? Numbers.plus(value) : value).getClass().equals(Long.class)) {
      throw PythonError.type(
          "'%s' object cannot be interpreted as an integer".formatted(Types.name(value)));
    }
    return Numbers.big(value).longValueExact();
  }

  private static Object dict(Rendering rendering, Arguments arguments) {
    if (arguments.positional().size() > 1) {
      throw PythonError.type(
          "dict expected at most 1 argument, got " + arguments.positional().size());
    }
    Dict result = new Dict();
    if (!arguments.positional().isEmpty()) {
      fill(result, arguments.positional().getFirst(), rendering);
    }
    arguments.keywords().forEach(result::put);
    return result;
  }

  private static void fill(Dict target, Object source, Rendering rendering) {
    if (source instanceof Dict dict) {
      rendering.budget().reserve(dict.size());
      target.putAll(dict);
      return;
    }
    for (Object item : Types.list(source, rendering.budget())) {
      var pair = Types.list(item, rendering.budget());
      if (pair.size() != 2) {
        throw PythonError.value(
            "dictionary update sequence element has length %d; 2 is required"
                .formatted(pair.size()));
      }
      target.put(pair.get(0), pair.get(1));
    }
  }

  private static Object namespace(Rendering rendering, Arguments arguments) {
    Namespace result = new Namespace();
    for (Dict.Entry entry : ((Dict) dict(rendering, arguments)).entries()) {
      result.attributes().put(PythonText.str(entry.key()), entry.value());
    }
    return result;
  }

  private static Object lipsum(Rendering rendering, Arguments arguments) {
    throw PythonError.failure("lipsum() is not supported: its text is random");
  }

  private static Object raise(Rendering rendering, Arguments arguments) {
    throw PythonError.raised(
        PythonText.str(arguments.bind("raise_exception", 1, "message").get(0)));
  }

  private static Object now(Rendering rendering, Arguments arguments) {
    Object format = arguments.bind("strftime_now", 1, "format").get(0);
    if (!Texts.isString(format)) {
      throw PythonError.type("strftime() argument 1 must be str, not " + Types.name(format));
    }
    return DateText.format(rendering.clock(), Texts.chars(format));
  }
}
