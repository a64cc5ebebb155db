package dev.wick.tokenizers.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Converts between numbers and text as Python's {@code int}, {@code float} and {@code repr} do. */
final class NumberText {
  /** CPython refuses longer conversions between int and decimal text. */
  private static final int MAX_DIGITS = 4300;

  private static final Pattern FLOAT =
      Pattern.compile("[+-]?(?:[0-9]++(?:\\.[0-9]*+)?|\\.[0-9]++)(?:[eE][+-]?[0-9]++)?");
  private static final Pattern NON_FINITE =
      Pattern.compile("([+-]?)(inf|infinity|nan)", Pattern.CASE_INSENSITIVE);

  private NumberText() {}

  static String of(Object number) {
    return switch (number) {
      case Boolean b -> b ? "True" : "False";
      case Double d -> repr(d);
      case BigInteger n -> {
        if (n.bitLength() > 14_300 || n.abs().toString().length() > MAX_DIGITS) {
          throw PythonError.value(
              "Exceeds the limit (%d digits) for integer string conversion".formatted(MAX_DIGITS));
        }
        yield n.toString();
      }
      default -> number.toString();
    };
  }

  /** Returns the shortest decimal that reads back as the value, in Python's layout. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = shortest(Math.abs(value));
    String digits = decimal.unscaledValue().toString();
    int exponent = digits.length() - 1 - decimal.scale();
    StringBuilder out = new StringBuilder(value < 0 ? "-" : "");
    if (exponent < -4 || exponent >= 16) {
      out.append(digits.charAt(0));
      if (digits.length() > 1) {
        out.append('.').append(digits, 1, digits.length());
      }
      out.append('e').append(exponent < 0 ? '-' : '+');
      return out.append(Math.abs(exponent) < 10 ? "0" : "").append(Math.abs(exponent)).toString();
    }
    if (exponent < 0) {
      return out.append("0.").append("0".repeat(-exponent - 1)).append(digits).toString();
    }
    if (digits.length() <= exponent + 1) {
      return out.append(digits)
          .append("0".repeat(exponent + 1 - digits.length()))
          .append(".0")
          .toString();
    }
    return out.append(digits, 0, exponent + 1)
        .append('.')
        .append(digits.substring(exponent + 1))
        .toString();
  }

  /**
   * {@link Double#toString} prints at least two digits, so that the subnormal 5e-324 reads
   * 4.9E-324.
   */
  private static BigDecimal shortest(double value) {
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    if (decimal.precision() == 2) {
      BigDecimal one = decimal.round(new java.math.MathContext(1)).stripTrailingZeros();
      if (one.doubleValue() == value) {
        return one;
      }
    }
    return decimal;
  }

  /** Returns {@code float(text)}, or null if the text is no number. */
  static @Nullable Double parseFloat(String text) {
    String trimmed = removeUnderscores(Texts.strip(text, null));
    if (trimmed == null) {
      return null;
    }
    var matcher = NON_FINITE.matcher(trimmed);
    if (matcher.matches()) {
      double value =
          matcher.group(2).toLowerCase(Locale.ROOT).equals("nan")
              ? Double.NaN
              : Double.POSITIVE_INFINITY;
      return matcher.group(1).equals("-") ? -value : value;
    }
    return FLOAT.matcher(trimmed).matches() ? Double.valueOf(trimmed) : null;
  }

  /** Returns {@code int(text, base)}, or null if the text is no such number. */
  static @Nullable Object parseInt(String text, int base) {
    if (base != 0 && (base < 2 || base > 36)) {
      throw PythonError.value("int() base must be >= 2 and <= 36, or 0");
    }
    String rest = Texts.strip(text, null);
    boolean negative = rest.startsWith("-");
    if (negative || rest.startsWith("+")) {
      rest = rest.substring(1);
    }
    int radix = base;
    boolean prefixed = false;
    if (rest.length() > 1 && rest.charAt(0) == '0') {
      int named =
          switch (rest.charAt(1)) {
            case 'x', 'X' -> 16;
            case 'o', 'O' -> 8;
            case 'b', 'B' -> 2;
            default -> 0;
          };
      if (named != 0 && (base == 0 || base == named)) {
        radix = named;
        prefixed = true;
        rest = rest.substring(rest.length() > 2 && rest.charAt(2) == '_' ? 3 : 2);
      }
    }
    if (radix == 0) {
      radix = 10;
    }
    String digits = removeUnderscores(rest);
    if (digits == null || digits.isEmpty()) {
      return null;
    }
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), radix) < 0) {
        return null;
      }
    }
    if (base == 0
        && !prefixed
        && digits.charAt(0) == '0'
        && !digits.chars().allMatch(c -> c == '0')) {
      return null;
    }
    if (digits.length() > MAX_DIGITS) {
      throw PythonError.value(
          "Exceeds the limit (%d digits) for integer string conversion".formatted(MAX_DIGITS));
    }
    BigInteger value = new BigInteger(digits, radix);
    return Numbers.normalize(negative ? value.negate() : value);
  }

  /**
   * Returns the text without single underscores between digits, or null if one stands elsewhere.
   */
  private static @Nullable String removeUnderscores(String text) {
    if (text.indexOf('_') < 0) {
      return text;
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '_'
          && (i == 0
              || i + 1 == text.length()
              || !Character.isLetterOrDigit(text.charAt(i - 1))
              || !Character.isLetterOrDigit(text.charAt(i + 1)))) {
        return null;
      }
    }
    return text.replace("_", "");
  }
}
