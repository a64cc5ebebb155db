package dev.wick.tokenizers.jinja;

import java.util.Iterator;
import java.util.List;

/** Python's equality, order and membership. */
final class Comparison {
  private Comparison() {}

  static boolean equal(Object a, Object b, Budget budget) {
    budget.step();
    if (a == b) {
      return !Numbers.isNan(a);
    }
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return !Numbers.isNan(a) && !Numbers.isNan(b) && Numbers.compare(a, b) == 0;
    }
    if (Texts.isString(a) && Texts.isString(b)) {
      budget.touch(a);
      return Texts.chars(a).equals(Texts.chars(b));
    }
    budget.enter();
    try {
      return switch (a) {
        case List<?> list when b instanceof List<?> other -> equalItems(list, other, budget);
        case Tuple tuple when b instanceof Tuple other ->
            equalItems(tuple.items(), other.items(), budget);
        case Dict dict when b instanceof Dict other -> equalDicts(dict, other, budget);
        case Range range when b instanceof Range other ->
            equalItems(Types.list(range, budget), Types.list(other, budget), budget);
        case DictView view
            when b instanceof DictView other && view.kind() != DictView.Kind.VALUES ->
            view.list().size() == other.list().size()
                && view.list().stream().allMatch(item -> contains(other, item, budget));
        case Undefined _ -> b instanceof Undefined;
        default -> false;
      };
    } finally {
      budget.exit();
    }
  }

  private static boolean same(Object a, Object b, Budget budget) {
    return a == b || equal(a, b, budget);
  }

  private static boolean equalItems(List<?> a, List<?> b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!same(a.get(i), b.get(i), budget)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equalDicts(Dict a, Dict b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    for (Dict.Entry entry : a.entries()) {
      Object other = b.get(entry.key());
      if (other == null || !same(entry.value(), other, budget)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the sign of {@code a - b}; the operator is for the message. Never called with NaN. */
  static int order(Object a, Object b, String operator, Budget budget) {
    budget.step();
    Undefined.check(a, b);
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return Numbers.compare(a, b);
    }
    if (Texts.isString(a) && Texts.isString(b)) {
      budget.touch(a);
      return Texts.compare(Texts.chars(a), Texts.chars(b));
    }
    if (a instanceof List<?> list && b instanceof List<?> other) {
      return orderItems(list, other, operator, budget);
    }
    if (a instanceof Tuple tuple && b instanceof Tuple other) {
      return orderItems(tuple.items(), other.items(), operator, budget);
    }
    throw PythonError.type(
        "'%s' not supported between instances of '%s' and '%s'"
            .formatted(operator, Types.name(a), Types.name(b)));
  }

  private static int orderItems(List<?> a, List<?> b, String operator, Budget budget) {
    budget.enter();
    try {
      int common = Math.min(a.size(), b.size());
      for (int i = 0; i < common; i++) {
        if (!same(a.get(i), b.get(i), budget)) {
          return order(a.get(i), b.get(i), operator, budget);
        }
      }
      return Integer.compare(a.size(), b.size());
    } finally {
      budget.exit();
    }
  }

  static boolean less(Object a, Object b, Budget budget) {
    return !Numbers.isNan(a) && !Numbers.isNan(b) && order(a, b, "<", budget) < 0;
  }

  static boolean compare(String operator, Object a, Object b, Budget budget) {
    return switch (operator) {
      case "==" -> equal(a, b, budget);
      case "!=" -> !equal(a, b, budget);
      case "in" -> contains(b, a, budget);
      case "not in" -> !contains(b, a, budget);
      default -> {
        if (Numbers.isNumber(a) && Numbers.isNumber(b) && (Numbers.isNan(a) || Numbers.isNan(b))) {
          yield false;
        }
        int sign = order(a, b, operator, budget);
        yield switch (operator) {
          case "<" -> sign < 0;
          case "<=" -> sign <= 0;
          case ">" -> sign > 0;
          default -> sign >= 0;
        };
      }
    };
  }

  static boolean contains(Object container, Object item, Budget budget) {
    if (Texts.isString(container)) {
      if (!Texts.isString(item)) {
        throw PythonError.type(
            "'in <string>' requires string as left operand, not " + Types.name(item));
      }
      budget.reserve(Texts.chars(container).length());
      return Search.indexOf(Texts.chars(container), Texts.chars(item), 0) >= 0;
    }
    if (container instanceof Dict dict) {
      return dict.get(item) != null;
    }
    if (container instanceof DictView view && view.kind() == DictView.Kind.KEYS) {
      return view.dict().get(item) != null;
    }
    if (!Types.isIterable(container)) {
      throw PythonError.type(
          "argument of type '%s' is not iterable".formatted(Types.name(container)));
    }
    Iterator<Object> items = Types.iterate(container);
    while (items.hasNext()) {
      if (same(items.next(), item, budget)) {
        return true;
      }
    }
    return false;
  }
}
