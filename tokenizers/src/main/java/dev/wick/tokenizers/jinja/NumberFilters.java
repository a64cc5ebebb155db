package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Arguments.Bound;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters that make or change numbers. */
final class NumberFilters {
  static final Map<String, Filters.Filter> ALL =
      Map.of(
          "abs", NumberFilters::abs,
          "int", NumberFilters::toInt,
          "float", NumberFilters::toFloat,
          "round", NumberFilters::round,
          "filesizeformat", NumberFilters::fileSize);

  private NumberFilters() {}

  private static Object abs(Object value, Arguments arguments, Rendering rendering) {
    arguments.positionalOnly("abs", 0, 0);
    if (!Numbers.isNumber(value)) {
      throw PythonError.type("bad operand type for abs(): '%s'".formatted(Types.name(value)));
    }
    return Numbers.abs(value);
  }

  private static Object toInt(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("int", 0, "default", "base");
    Undefined.check(value);
    Object result = null;
    try {
      if (Texts.isString(value)) {
        result = NumberText.parseInt(Texts.chars(value), bound.integer(1, 10));
      } else if (value instanceof Double d) {
        result = Numbers.truncate(d);
      } else if (Numbers.isInteger(value)) {
        result = Numbers.plus(value);
      }
    } catch (PythonError error) {
      if (!error.isValue()) {
        throw error;
      }
    }
    return result == null ? throughFloat(value, bound.get(0, 0L)) : result;
  }

  /** {@code "42.23"|int} is 42. */
  private static Object throughFloat(Object value, Object absent) {
    Double number = asFloat(value);
    return number == null || Double.isNaN(number) || Double.isInfinite(number)
        ? absent
        : Numbers.truncate(number);
  }

  private static @Nullable Double asFloat(Object value) {
    if (Texts.isString(value)) {
      return NumberText.parseFloat(Texts.chars(value));
    }
    return Numbers.isNumber(value) ? (Double) Numbers.toDouble(value) : null;
  }

  private static Object toFloat(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("float", 0, "default");
    Undefined.check(value);
    Double number = asFloat(value);
    return number == null ? bound.get(0, 0.0) : number;
  }

  private static Object round(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("round", 0, "precision", "method");
    Object method = bound.get(1, "common");
    Object precision = bound.get(0, 0L);
    if (!Texts.isString(method)) {
      throw PythonError.type("method must be common, ceil or floor");
    }
    return switch (Texts.chars(method)) {
      case "common" -> {
        Undefined.check(value);
        if (!Numbers.isNumber(value)) {
          throw PythonError.type(
              "type %s doesn't define __round__ method".formatted(Types.name(value)));
        }
        yield precision == None.NONE
            ? value instanceof Double d ? Numbers.truncate(Math.rint(d)) : Numbers.plus(value)
            : Numbers.round(value, Numbers.index(precision));
      }
      case "ceil" -> scaled(value, precision, true, rendering);
      case "floor" -> scaled(value, precision, false, rendering);
      default -> throw PythonError.type("method must be common, ceil or floor");
    };
  }

  private static Object scaled(Object value, Object precision, boolean up, Rendering rendering) {
    Object factor = Operators.binary("**", 10L, precision, rendering);
    Object product = Operators.binary("*", value, factor, rendering);
    if (!Numbers.isNumber(product)) {
      throw PythonError.type("must be real number, not " + Types.name(product));
    }
    Object whole = product;
    if (product instanceof Double d) {
      whole = Numbers.truncate(up ? Math.ceil(d) : Math.floor(d));
    }
    return Numbers.divide(whole, factor);
  }

  private static Object fileSize(Object value, Arguments arguments, Rendering rendering) {
    boolean binary = arguments.bind("filesizeformat", 0, "binary").truth(0);
    Undefined.check(value);
    Double bytes = asFloat(value);
    if (bytes == null) {
      throw PythonError.value("could not convert to float: " + PythonText.repr(value));
    }
    double base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return NumberText.of(Numbers.truncate(bytes)) + " Bytes";
    }
    String prefixes = "kMGTPEZY";
    double unit = base;
    int i = 0;
    for (; i < prefixes.length(); i++) {
      unit *= base;
      if (bytes < unit) {
        break;
      }
    }
    char prefix = prefixes.charAt(Math.min(i, prefixes.length() - 1));
    String name = binary ? Character.toUpperCase(prefix) + "iB" : prefix + "B";
    return FloatText.format(base * bytes / unit, 'f', 1, false) + " " + name;
  }
}
