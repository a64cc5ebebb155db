package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's binary and unary operators. */
final class Operators {
  private Operators() {}

  static Object binary(String operator, Object a, Object b, Rendering rendering) {
    if (operator.equals("%") && Texts.isString(a)) {
      return PercentFormat.format(a, b, rendering.budget());
    }
    Undefined.check(a, b);
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return switch (operator) {
        case "+" -> Numbers.add(a, b);
        case "-" -> Numbers.subtract(a, b);
        case "*" -> Numbers.multiply(a, b);
        case "/" -> Numbers.divide(a, b);
        case "//" -> Numbers.floorDivide(a, b);
        case "%" -> Numbers.modulo(a, b);
        default -> Numbers.power(a, b);
      };
    }
    return switch (operator) {
      case "+" -> concatenate(a, b, rendering.budget());
      case "*" -> repeat(a, b, rendering.budget());
      default -> throw unsupported(operator, a, b);
    };
  }

  private static Object concatenate(Object a, Object b, Budget budget) {
    if (Texts.isString(a) && Texts.isString(b)) {
      budget.reserve((long) Texts.chars(a).length() + Texts.chars(b).length());
      return a instanceof Markup || b instanceof Markup
          ? new Markup(Markup.escape(a).text() + Markup.escape(b).text())
          : Texts.chars(a) + Texts.chars(b);
    }
    if (a instanceof List<?> list && b instanceof List<?> other) {
      return joined(list, other, budget);
    }
    if (a instanceof Tuple tuple && b instanceof Tuple other) {
      return Tuple.of(joined(tuple.items(), other.items(), budget));
    }
    if (a instanceof String || a instanceof List<?> || a instanceof Tuple) {
      String name = Types.name(a);
      throw PythonError.type(
          "can only concatenate %s (not \"%s\") to %s".formatted(name, Types.name(b), name));
    }
    throw unsupported("+", a, b);
  }

  private static List<Object> joined(List<?> a, List<?> b, Budget budget) {
    budget.reserve((long) a.size() + b.size());
    List<Object> result = new ArrayList<>(a.size() + b.size());
    result.addAll(a);
    result.addAll(b);
    return result;
  }

  private static Object repeat(Object a, Object b, Budget budget) {
    if (Numbers.isInteger(a)) {
      return isSequence(b) ? repeated(b, a, budget) : fail("*", a, b);
    }
    if (!isSequence(a)) {
      return fail("*", a, b);
    }
    if (!Numbers.isInteger(b)) {
      throw PythonError.type(
          "can't multiply sequence by non-int of type '%s'".formatted(Types.name(b)));
    }
    return repeated(a, b, budget);
  }

  private static boolean isSequence(Object value) {
    return Texts.isString(value) || value instanceof List<?> || value instanceof Tuple;
  }

  private static Object repeated(Object sequence, Object count, Budget budget) {
    int times = Math.max(0, Numbers.index(count));
    if (Texts.isString(sequence)) {
      String text = Texts.chars(sequence);
      budget.reserve((long) text.length() * times);
      return Texts.like(sequence, text.isEmpty() ? "" : text.repeat(times));
    }
    List<?> items = sequence instanceof Tuple tuple ? tuple.items() : (List<?>) sequence;
    budget.reserve((long) items.size() * times);
    List<Object> result = new ArrayList<>(items.size() * times);
    for (int i = 0; i < times && !items.isEmpty(); i++) {
      result.addAll(items);
    }
    return sequence instanceof Tuple ? Tuple.of(result) : result;
  }

  static Object unary(String operator, Object value) {
    Undefined.check(value);
    if (!Numbers.isNumber(value)) {
      throw PythonError.type(
          "bad operand type for unary %s: '%s'".formatted(operator, Types.name(value)));
    }
    return operator.equals("-") ? Numbers.negate(value) : Numbers.plus(value);
  }

  private static Object fail(String operator, Object a, Object b) {
    throw unsupported(operator, a, b);
  }

  private static PythonError unsupported(String operator, Object a, Object b) {
    return PythonError.type(
        "unsupported operand type(s) for %s: '%s' and '%s'"
            .formatted(
                operator.equals("**") ? "** or pow()" : operator, Types.name(a), Types.name(b)));
  }
}
