package dev.wick.tokenizers.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The attributes of values, as far as jinja2's immutable sandbox lets a template reach them. */
final class Attributes {
  private static final Set<String> LIST_MUTATORS =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  private static final Set<String> DICT_MUTATORS =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private static final Set<String> INTERNAL =
      Set.of(
          "__class__",
          "__delattr__",
          "__dir__",
          "__doc__",
          "__eq__",
          "__format__",
          "__ge__",
          "__getattribute__",
          "__getstate__",
          "__gt__",
          "__hash__",
          "__init__",
          "__init_subclass__",
          "__le__",
          "__lt__",
          "__ne__",
          "__new__",
          "__reduce__",
          "__reduce_ex__",
          "__repr__",
          "__setattr__",
          "__sizeof__",
          "__str__",
          "__subclasshook__",
          "__len__",
          "__iter__",
          "__getitem__",
          "__add__",
          "__mul__",
          "__mod__",
          "__bool__",
          "__int__",
          "__float__");
  private static final Set<String> INTERNAL_TO_FUNCTIONS =
      Set.of(
          "__call__",
          "__globals__",
          "__code__",
          "__func__",
          "__self__",
          "__name__",
          "__builtins__",
          "__closure__",
          "__defaults__",
          "__dict__",
          "__module__",
          "__qualname__",
          "__wrapped__");

  private Attributes() {}

  /**
   * Returns the attribute, an undefined value where the sandbox forbids it, or null if there is
   * none.
   */
  static @Nullable Object find(Object value, String name) {
    boolean function = value instanceof Function || value instanceof Macro;
    if (INTERNAL.contains(name) || (function && INTERNAL_TO_FUNCTIONS.contains(name))) {
      return Undefined.unsafe(value, name);
    }
    return switch (value) {
      case Undefined undefined -> throw undefined.error();
      case String _, Markup _ -> StringMethods.exists(name) ? method(value, name) : null;
      case Dict dict -> dict(dict, name);
      case List<?> list -> list(list, name);
      case Tuple tuple -> tuple(tuple, name);
      case Namespace namespace -> {
        Object attribute = namespace.attributes().get(name);
        yield attribute != null && name.startsWith("_") ? Undefined.unsafe(value, name) : attribute;
      }
      case LoopContext loop -> loop.attribute(name);
      case Macro macro -> macro.attribute(name);
      case Cycler cycler -> cycler.attribute(name);
      case Joiner joiner -> joiner.attribute(name);
      case Range range -> range(range, name);
      case Long _, BigInteger _, Boolean _ -> integer(value, name);
      case Double d -> real(d, name);
      default -> null;
    };
  }

  private static Object method(Object value, String name) {
    return Function.method(
        name, (rendering, arguments) -> StringMethods.call(value, name, arguments, rendering));
  }

  private static @Nullable Object dict(Dict dict, String name) {
    if (DICT_MUTATORS.contains(name)) {
      return Undefined.unsafe(dict, name);
    }
    return switch (name) {
      case "items" -> view(dict, DictView.Kind.ITEMS, name);
      case "keys" -> view(dict, DictView.Kind.KEYS, name);
      case "values" -> view(dict, DictView.Kind.VALUES, name);
      case "get" ->
          Function.method(
              name,
              (_, arguments) -> {
                Arguments.Bound bound = arguments.positionalOnly("get", 1, 2);
                Object found = dict.get(bound.get(0));
                return found == null ? bound.get(1, None.NONE) : found;
              });
      case "copy" ->
          Function.method(
              name,
              (rendering, arguments) -> {
                arguments.positionalOnly("copy", 0, 0);
                rendering.budget().reserve(dict.size());
                Dict copy = new Dict();
                copy.putAll(dict);
                return copy;
              });
      case "fromkeys" -> Function.method(name, Attributes::fromKeys);
      default -> null;
    };
  }

  private static Object view(Dict dict, DictView.Kind kind, String name) {
    return Function.method(
        name,
        (_, arguments) -> {
          arguments.positionalOnly(name, 0, 0);
          return new DictView(kind, dict);
        });
  }

  private static Object fromKeys(Rendering rendering, Arguments arguments) {
    Arguments.Bound bound = arguments.positionalOnly("fromkeys", 1, 2);
    Dict result = new Dict();
    Types.list(bound.get(0), rendering.budget())
        .forEach(key -> result.put(key, bound.get(1, None.NONE)));
    return result;
  }

  private static @Nullable Object list(List<?> list, String name) {
    if (LIST_MUTATORS.contains(name)) {
      return Undefined.unsafe(list, name);
    }
    return switch (name) {
      case "copy" ->
          Function.method(
              name,
              (rendering, arguments) -> {
                arguments.positionalOnly("copy", 0, 0);
                return Types.list(list, rendering.budget());
              });
      default -> search(list, "list", name);
    };
  }

  private static @Nullable Object tuple(Tuple tuple, String name) {
    int field = tuple.names().indexOf(name);
    return field >= 0 ? tuple.items().get(field) : search(tuple.items(), "tuple", name);
  }

  private static @Nullable Object search(List<?> items, String type, String name) {
    return switch (name) {
      case "count" ->
          Function.method(
              name,
              (rendering, arguments) -> {
                Object wanted = arguments.positionalOnly(name, 1, 1).get(0);
                return items.stream()
                    .filter(
                        item ->
                            item == wanted || Comparison.equal(item, wanted, rendering.budget()))
                    .count();
              });
      case "index" ->
          Function.method(
              name, (rendering, arguments) -> indexOf(items, type, arguments, rendering));
      default -> null;
    };
  }

  private static Object indexOf(
      List<?> items, String type, Arguments arguments, Rendering rendering) {
    Arguments.Bound bound = arguments.positionalOnly("index", 1, 3);
    Object wanted = bound.get(0);
    int start = clamp(bound.integer(1, 0), items.size());
    int stop = clamp(bound.integer(2, Integer.MAX_VALUE), items.size());
    for (int i = start; i < stop; i++) {
      if (items.get(i) == wanted || Comparison.equal(items.get(i), wanted, rendering.budget())) {
        return (long) i;
      }
    }
    throw PythonError.value(
        type.equals("list")
            ? PythonText.repr(wanted) + " is not in list"
            : "tuple.index(x): x not in tuple");
  }

  private static int clamp(int index, int size) {
    return Math.clamp(index < 0 ? (long) index + size : index, 0, size);
  }

  private static @Nullable Object range(Range range, String name) {
    return switch (name) {
      case "start" -> range.start();
      case "stop" -> range.stop();
      case "step" -> range.step();
      case "count", "index" -> search(range.list(), "range", name);
      default -> null;
    };
  }

  private static @Nullable Object integer(Object value, String name) {
    BigInteger integer = Numbers.big(value);
    return switch (name) {
      case "real", "numerator" -> Numbers.normalize(integer);
      case "imag" -> 0L;
      case "denominator" -> 1L;
      case "bit_length" -> constant(name, (long) integer.abs().bitLength());
      case "bit_count" -> constant(name, (long) integer.abs().bitCount());
      case "conjugate" -> constant(name, Numbers.normalize(integer));
      default -> null;
    };
  }

  private static @Nullable Object real(Double value, String name) {
    return switch (name) {
      case "real" -> value;
      case "imag" -> 0.0;
      case "conjugate" -> constant(name, value);
      case "is_integer" -> constant(name, value == Math.rint(value) && !Double.isInfinite(value));
      default -> null;
    };
  }

  private static Object constant(String name, Object value) {
    return Function.method(
        name,
        (_, arguments) -> {
          arguments.positionalOnly(name, 0, 0);
          return value;
        });
  }
}
