package dev.wick.tokenizers.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Python's {@code format % values}. */
final class PercentFormat {
  private final Object format;
  private final String text;
  private final Object values;
  private final List<Object> positional;
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();
  private int position;
  private int used;

  private boolean left;
  private boolean zero;
  private boolean alternate;
  private String plus = "";
  private int width;
  private int precision;

  private PercentFormat(Object format, Object values, Budget budget) {
    this.format = format;
    this.text = Texts.chars(format);
    this.values = values;
    this.positional = values instanceof Tuple tuple ? tuple.items() : List.of(values);
    this.budget = budget;
  }

  static Object format(Object format, Object values, Budget budget) {
    PercentFormat state = new PercentFormat(format, values, budget);
    state.run();
    return Texts.like(format, state.out.toString());
  }

  private boolean isMapping() {
    return values instanceof Dict
        || values instanceof List<?>
        || values instanceof Undefined
        || values instanceof Range;
  }

  private void run() {
    while (position < text.length()) {
      int percent = text.indexOf('%', position);
      if (percent < 0) {
        percent = text.length();
      }
      out.append(text, position, percent);
      position = percent + 1;
      if (percent < text.length()) {
        conversion();
      }
    }
    if (used < positional.size() && !isMapping()) {
      throw PythonError.type("not all arguments converted during string formatting");
    }
  }

  private char next() {
    if (position >= text.length()) {
      throw PythonError.value("incomplete format");
    }
    return text.charAt(position++);
  }

  private void conversion() {
    String key = text.startsWith("(", position) ? key() : null;
    flags();
    width = number(true);
    precision = -1;
    if (text.startsWith(".", position)) {
      position++;
      precision = Math.max(0, number(false));
    }
    char type = next();
    if (type == 'h' || type == 'l' || type == 'L') {
      type = next();
    }
    if (type == '%') {
      out.append('%');
      return;
    }
    convert(type, key == null ? argument() : lookup(key));
  }

  private String key() {
    int depth = 1;
    int start = ++position;
    while (depth > 0) {
      if (position >= text.length()) {
        throw PythonError.value("incomplete format key");
      }
      char c = text.charAt(position++);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    return text.substring(start, position - 1);
  }

  private Object lookup(String key) {
    if (values instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!(values instanceof Dict dict)) {
      throw PythonError.type("format requires a mapping");
    }
    Object value = dict.get(key);
    if (value == null) {
      throw PythonError.key(PythonText.repr(key));
    }
    used = positional.size();
    return value;
  }

  private Object argument() {
    if (used >= positional.size()) {
      throw PythonError.type("not enough arguments for format string");
    }
    return positional.get(used++);
  }

  private void flags() {
    left = false;
    zero = false;
    alternate = false;
    plus = "";
    while (position < text.length()) {
      switch (text.charAt(position)) {
        case '-' -> left = true;
        case '+' -> plus = "+";
        case ' ' -> plus = plus.isEmpty() ? " " : plus;
        case '#' -> alternate = true;
        case '0' -> zero = true;
        default -> {
          return;
        }
      }
      position++;
    }
  }

  private int number(boolean isWidth) {
    if (text.startsWith("*", position)) {
      position++;
      Object value = argument();
      if (!Numbers.isInteger(value)) {
        throw PythonError.type("* wants int");
      }
      int n = Numbers.index(value);
      left |= isWidth && n < 0;
      return isWidth ? Math.abs(Math.max(n, -Integer.MAX_VALUE)) : n;
    }
    long n = 0;
    while (position < text.length() && Character.digit(text.charAt(position), 10) >= 0) {
      n = Math.min(Integer.MAX_VALUE, n * 10 + Character.digit(text.charAt(position++), 10));
    }
    return (int) n;
  }

  private void convert(char type, Object value) {
    switch (type) {
      case 's' -> text(escaped(value, PythonText.str(value)));
      case 'r' -> text(escaped(null, PythonText.repr(value)));
      case 'a' -> text(escaped(null, JsonWriter.asciiRepr(PythonText.repr(value))));
      case 'c' -> text(character(value));
      case 'd', 'i', 'u' -> integer(value, 10, type);
      case 'x', 'X' -> integer(value, 16, type);
      case 'o' -> integer(value, 8, type);
      case 'e', 'E', 'f', 'F', 'g', 'G' -> real(value, type);
      default ->
          throw PythonError.value(
              "unsupported format character '%c' (0x%x) at index %d"
                  .formatted(type, (int) type, position - 1));
    }
  }

  private String escaped(@Nullable Object value, String string) {
    return format instanceof Markup && !(value instanceof Markup)
        ? Markup.escapeText(string)
        : string;
  }

  private String character(Object value) {
    if (Texts.isString(value) && Texts.length(Texts.chars(value)) == 1) {
      return Texts.chars(value);
    }
    if (!Numbers.isInteger(value)) {
      throw PythonError.type("%c requires int or char");
    }
    int c = Numbers.index(value);
    if (!Character.isValidCodePoint(c)) {
      throw PythonError.overflow("%c arg not in range(0x110000)");
    }
    return Character.toString(c);
  }

  private void text(String string) {
    String shown =
        precision >= 0 && Texts.length(string) > precision
            ? Texts.substring(string, 0, precision)
            : string;
    pad("", shown, false);
  }

  private void integer(Object value, int radix, char type) {
    Object number = value;
    if (value instanceof Double d && radix == 10) {
      number = Numbers.truncate(d);
    }
    if (!Numbers.isInteger(number)) {
      throw PythonError.type(
          radix == 10
              ? "%%%c format: a real number is required, not %s".formatted(type, Types.name(value))
              : "%%%c format: an integer is required, not %s".formatted(type, Types.name(value)));
    }
    BigInteger big = Numbers.big(number);
    String digits = radix == 10 ? NumberText.of(Numbers.abs(number)) : big.abs().toString(radix);
    if (precision > digits.length()) {
      budget.reserve(precision);
      digits = "0".repeat(precision - digits.length()) + digits;
    }
    String prefix = alternate && radix != 10 ? radix == 16 ? "0x" : "0o" : "";
    if (type == 'X') {
      digits = digits.toUpperCase(Locale.ROOT);
      prefix = prefix.toUpperCase(Locale.ROOT);
    }
    pad((big.signum() < 0 ? "-" : plus) + prefix, digits, zero);
  }

  private void real(Object value, char type) {
    Undefined.check(value);
    if (!Numbers.isNumber(value)) {
      throw PythonError.type("must be real number, not " + Types.name(value));
    }
    double number = Numbers.toDouble(value);
    String digits = FloatText.format(number, type, precision < 0 ? 6 : precision, alternate);
    pad(FloatText.isNegative(number) ? "-" : plus, digits, zero);
  }

  private void pad(String sign, String body, boolean zeros) {
    int missing = width - Texts.length(sign) - Texts.length(body);
    budget.grow(
        (long) out.length() + Math.max(0, missing) + body.length(),
        Math.max(0, missing) + body.length());
    if (missing <= 0) {
      out.append(sign).append(body);
    } else if (left) {
      out.append(sign).append(body).repeat(' ', missing);
    } else if (zeros) {
      out.append(sign).repeat('0', missing).append(body);
    } else {
      out.repeat(' ', missing).append(sign).append(body);
    }
  }
}
