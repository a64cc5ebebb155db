package dev.wick.tokenizers.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** The tests by name, as after {@code is}. */
final class Tests {
  @FunctionalInterface
  private interface Test {
    Object apply(Object value, Arguments arguments, Rendering rendering);
  }

  private static final Map<String, Test> ALL = new HashMap<>();

  static {
    unary("defined", value -> !(value instanceof Undefined));
    unary("undefined", value -> value instanceof Undefined);
    unary("none", value -> value == None.NONE);
    unary("boolean", value -> value instanceof Boolean);
    unary("true", value -> value.equals(true));
    unary("false", value -> value.equals(false));
    unary("integer", value -> Numbers.isInteger(value) && !(value instanceof Boolean));
    unary("float", value -> value instanceof Double);
    unary("number", Numbers::isNumber);
    unary("string", Texts::isString);
    unary("mapping", value -> value instanceof Dict);
    unary("sequence", Tests::isSequence);
    unary("iterable", Types::isIterable);
    unary("callable", Types::isCallable);
    unary("lower", value -> Casing.isLower(PythonText.str(value)));
    unary("upper", value -> Casing.isUpper(PythonText.str(value)));
    unary("escaped", value -> value instanceof Markup);
    unary("filter", value -> Texts.isString(value) && Filters.exists(Texts.chars(value)));
    unary("test", value -> Texts.isString(value) && exists(Texts.chars(value)));
    ALL.put(
        "odd",
        (value, arguments, rendering) ->
            remainder(value, none(arguments, "odd", 2L), 1L, rendering));
    ALL.put(
        "even",
        (value, arguments, rendering) ->
            remainder(value, none(arguments, "even", 2L), 0L, rendering));
    ALL.put(
        "divisibleby",
        (value, arguments, rendering) ->
            remainder(value, arguments.bind("divisibleby", 1, "num").get(0), 0L, rendering));
    ALL.put(
        "sameas",
        (value, arguments, _) -> same(value, arguments.bind("sameas", 1, "other").get(0)));
    comparison("==", "==", "eq", "equalto");
    comparison("!=", "!=", "ne");
    comparison(">", ">", "gt", "greaterthan");
    comparison(">=", ">=", "ge");
    comparison("<", "<", "lt", "lessthan");
    comparison("<=", "<=", "le");
    comparison("in", "in");
  }

  private Tests() {}

  private static void unary(String name, Predicate<Object> predicate) {
    ALL.put(
        name,
        (value, arguments, _) -> {
          arguments.bind(name, 0);
          return predicate.test(value);
        });
  }

  private static void comparison(String operator, String... names) {
    for (String name : names) {
      ALL.put(
          name,
          (value, arguments, rendering) ->
              Comparison.compare(
                  operator, value, arguments.bind(name, 1, "other").get(0), rendering.budget()));
    }
  }

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static Object apply(String name, Object value, Arguments arguments, Rendering rendering) {
    Test test = ALL.get(name);
    if (test == null) {
      throw PythonError.failure("No test named " + PythonText.repr(name) + " found.");
    }
    rendering.budget().touch(value);
    return test.apply(value, arguments, rendering);
  }

  private static Object none(Arguments arguments, String name, Object divisor) {
    arguments.bind(name, 0);
    return divisor;
  }

  private static boolean remainder(
      Object value, Object divisor, Object expected, Rendering rendering) {
    return Comparison.equal(
        Operators.binary("%", value, divisor, rendering), expected, rendering.budget());
  }

  private static boolean isSequence(Object value) {
    return !(value instanceof DictView) && !(value instanceof LoopContext) && Types.isSized(value);
  }

  /** Identity, which small values of Python have with their equals. */
  private static boolean same(Object a, Object b) {
    return a == b
        || (a.getClass() == b.getClass()
            && (a instanceof Boolean || a instanceof Long || a instanceof String)
            && a.equals(b));
  }
}
