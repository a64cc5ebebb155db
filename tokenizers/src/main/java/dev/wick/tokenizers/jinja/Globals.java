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
          "cycler", type("jinja2.utils.Cycler", (_, arguments) -> new Cycler(positional(arguments).positional())),
          "joiner", type("jinja2.utils.Joiner", (_, arguments) -> new Joiner(arguments.bind("joiner", 0, "sep").get(0, ", "))),
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

  private static Object range(Runtime runtime, Arguments arguments) {
    Bound bound = arguments.positionalOnly("range", 1, 3);
    long first = integer(bound.get(0));
    return bound.has(1)
        ? Range.of(first, integer(bound.get(1)), bound.has(2) ? integer(bound.get(2)) : 1)
        : Range.of(0, first, 1);
  }

  private static long integer(Object value) {
    Undefined.check(value);
    if (!(Numbers.isInteger(value) ? Numbers.plus(value) : value).getClass().equals(Long.class)) {
      throw PythonError.type("'%s' object cannot be interpreted as an integer".formatted(Types.name(value)));
    }
    return Numbers.big(value).longValueExact();
  }

  private static Object dict(Runtime runtime, Arguments arguments) {
    if (arguments.positional().size() > 1) {
      throw PythonError.type("dict expected at most 1 argument, got " + arguments.positional().size());
    }
    Dict result = new Dict();
    if (!arguments.positional().isEmpty()) {
      fill(result, arguments.positional().getFirst(), runtime);
    }
    arguments.keywords().forEach(result::put);
    return result;
  }

  private static void fill(Dict target, Object source, Runtime runtime) {
    if (source instanceof Dict dict) {
      runtime.budget().reserve(dict.size());
      target.putAll(dict);
      return;
    }
    for (Object item : Types.list(source, runtime.budget())) {
      var pair = Types.list(item, runtime.budget());
      if (pair.size() != 2) {
        throw PythonError.value(
            "dictionary update sequence element has length %d; 2 is required".formatted(pair.size()));
      }
      target.put(pair.get(0), pair.get(1));
    }
  }

  private static Object namespace(Runtime runtime, Arguments arguments) {
    Namespace result = new Namespace();
    for (Dict.Entry entry : ((Dict) dict(runtime, arguments)).entries()) {
      result.attributes().put(PythonText.str(entry.key()), entry.value());
    }
    return result;
  }

  private static Object lipsum(Runtime runtime, Arguments arguments) {
    throw PythonError.runtime("lipsum() is not supported: its text is random");
  }

  private static Object raise(Runtime runtime, Arguments arguments) {
    throw PythonError.raised(PythonText.str(arguments.bind("raise_exception", 1, "message").get(0)));
  }

  private static Object now(Runtime runtime, Arguments arguments) {
    Object format = arguments.bind("strftime_now", 1, "format").get(0);
    if (!Texts.isString(format)) {
      throw PythonError.type("strftime() argument 1 must be str, not " + Types.name(format));
    }
    return DateText.format(runtime.clock(), Texts.chars(format));
  }
}
