package dev.wick.tokenizers.jinja;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's format specification mini-language, as after the colon in {@code '{:>8.2f}'}. */
final class FormatSpec {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(.)?([<>=^]))?([+ -])?(z)?(#)?(0)?([0-9]{0,9})([_,])?(?:\\.([0-9]{1,9}))?(.)?",
          Pattern.DOTALL);

  private final String fill;
  private final String align;
  private final String sign;
  private final boolean alternate;
  private final int width;
  private final String grouping;
  private final int precision;
  private final char type;
  private final Budget budget;

  private FormatSpec(Matcher matcher, Budget budget) {
    boolean zero = matcher.group(6) != null;
    String filler = matcher.group(1);
    this.fill = filler != null ? filler : zero ? "0" : " ";
    this.align = matcher.group(2) != null ? matcher.group(2) : zero ? "=" : "";
    this.sign = orEmpty(matcher.group(3));
    this.alternate = matcher.group(5) != null;
    this.width = matcher.group(7).isEmpty() ? 0 : Integer.parseInt(matcher.group(7));
    this.grouping = orEmpty(matcher.group(8));
    this.precision = matcher.group(9) == null ? -1 : Integer.parseInt(matcher.group(9));
    this.type = matcher.group(10) == null ? 0 : matcher.group(10).charAt(0);
    this.budget = budget;
  }

  private static String orEmpty(@Nullable String group) {
    return group == null ? "" : group;
  }

  /** Returns {@code format(value, spec)}. */
  static String format(Object value, String spec, Budget budget) {
    if (spec.isEmpty()) {
      return PythonText.str(value);
    }
    boolean formattable = Texts.isString(value) || Numbers.isNumber(value);
    if (!formattable) {
      throw PythonError.type(
          "unsupported format string passed to %s.__format__".formatted(Types.name(value)));
    }
    Matcher matcher = SPEC.matcher(spec);
    if (!matcher.matches()) {
      throw PythonError.value(
          "Invalid format specifier '%s' for object of type '%s'"
              .formatted(spec, Types.name(value)));
    }
    FormatSpec parsed = new FormatSpec(matcher, budget);
    budget.reserve(parsed.width);
    if (Texts.isString(value)) {
      return parsed.text(Texts.chars(value));
    }
    return value instanceof Double d ? parsed.real(d) : parsed.integer(value);
  }

  private String text(String string) {
    if (type != 0 && type != 's') {
      throw unknown("str");
    }
    if (!sign.isEmpty()
        || (align.equals("=") && !fill.equals("0"))
        || alternate
        || !grouping.isEmpty()) {
      throw PythonError.value("Sign, '=', '#' or grouping not allowed in string format specifier");
    }
    String shown =
        precision >= 0 && Texts.length(string) > precision
            ? Texts.substring(string, 0, precision)
            : string;
    return pad("", shown, align.isEmpty() || align.equals("=") ? "<" : align);
  }

  private String integer(Object value) {
    BigInteger big = Numbers.big(value);
    int radix =
        switch (type) {
          case 0, 'd', 'n' -> 10;
          case 'b' -> 2;
          case 'o' -> 8;
          case 'x', 'X' -> 16;
          case 'c' -> 0;
          case 'e', 'E', 'f', 'F', 'g', 'G', '%' -> -1;
          default -> throw unknown("int");
        };
    if (radix < 0) {
      return real(Numbers.toDouble(value));
    }
    if (precision >= 0) {
      throw PythonError.value("Precision not allowed in integer format specifier");
    }
    if (radix == 0) {
      int c = Numbers.index(value);
      if (!Character.isValidCodePoint(c)) {
        throw PythonError.overflow("%c arg not in range(0x110000)");
      }
      return pad("", Character.toString(c), align.isEmpty() ? "<" : align);
    }
    String digits = radix == 10 ? NumberText.of(Numbers.abs(value)) : big.abs().toString(radix);
    String prefix = alternate && radix != 10 ? radix == 2 ? "0b" : radix == 8 ? "0o" : "0x" : "";
    if (type == 'X') {
      digits = digits.toUpperCase(Locale.ROOT);
      prefix = prefix.toUpperCase(Locale.ROOT);
    }
    if (grouping.equals(",") && radix != 10) {
      throw PythonError.value("Cannot specify ',' with '" + type + "'.");
    }
    return number(signOf(big.signum() < 0) + prefix, digits, "", radix == 10 ? 3 : 4);
  }

  private String real(double value) {
    String digits =
        switch (type) {
          case 0 ->
              precision < 0
                  ? NumberText.repr(Math.abs(value))
                  : FloatText.format(value, 'r', precision, alternate);
          case 'e', 'E', 'f', 'F', 'g', 'G' ->
              FloatText.format(value, type, precision < 0 ? 6 : precision, alternate);
          case 'n' -> FloatText.format(value, 'g', precision < 0 ? 6 : precision, alternate);
          case '%' ->
              FloatText.format(value * 100, 'f', precision < 0 ? 6 : precision, alternate) + "%";
          default -> throw unknown("float");
        };
    int end = 0;
    while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
      end++;
    }
    return number(
        signOf(FloatText.isNegative(value)), digits.substring(0, end), digits.substring(end), 3);
  }

  private String signOf(boolean negative) {
    return negative ? "-" : sign.equals("-") ? "" : sign;
  }

  private String number(String prefix, String digits, String rest, int group) {
    boolean inner = align.equals("=");
    String body = digits;
    if (!grouping.isEmpty() && !digits.isEmpty()) {
      int least = inner && fill.equals("0") ? width - prefix.length() - rest.length() : 0;
      body = grouped(digits, group, least);
    }
    return pad(prefix, body + rest, align.isEmpty() ? ">" : align);
  }

  private String grouped(String digits, int group, int least) {
    StringBuilder reversed = new StringBuilder(digits).reverse();
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < reversed.length() || out.length() < least; i++) {
      if (i > 0 && i % group == 0) {
        out.append(grouping);
      }
      out.append(i < reversed.length() ? reversed.charAt(i) : '0');
    }
    return out.reverse().toString();
  }

  private String pad(String prefix, String body, String alignment) {
    int missing = width - Texts.length(prefix) - Texts.length(body);
    if (missing <= 0) {
      return prefix + body;
    }
    budget.reserve(width);
    return switch (alignment) {
      case "<" -> prefix + body + fill.repeat(missing);
      case "^" -> fill.repeat(missing / 2) + prefix + body + fill.repeat(missing - missing / 2);
      case "=" -> prefix + fill.repeat(missing) + body;
      default -> fill.repeat(missing) + prefix + body;
    };
  }

  private PythonError unknown(String name) {
    return PythonError.value(
        "Unknown format code '%c' for object of type '%s'".formatted(type, name));
  }
}
