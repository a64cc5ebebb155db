package dev.wick.tokenizers.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * Formats the magnitude of a float with a given precision, half to even on the exact binary value.
 */
final class FloatText {
  private static final int MAX_PRECISION = 2_000;

  private FloatText() {}

  /**
   * Formats like C's {@code %e}, {@code %f} and {@code %g}, without sign.
   *
   * @param type e, f or g, or its capital; r is g that shows it is a float
   * @param alternate keep the point and, for g, trailing zeros
   */
  static String format(double value, char type, int precision, boolean alternate) {
    if (precision > MAX_PRECISION) {
      throw PythonError.limit("expected a precision of at most %d".formatted(MAX_PRECISION));
    }
    boolean capital = Character.isUpperCase(type);
    double magnitude = Math.abs(value);
    String text;
    if (Double.isNaN(value)) {
      text = "nan";
    } else if (Double.isInfinite(value)) {
      text = "inf";
    } else {
      text =
          switch (Character.toLowerCase(type)) {
            case 'e' -> exponent(magnitude, precision, alternate);
            case 'f' -> fixed(magnitude, precision) + (alternate && precision == 0 ? "." : "");
            default -> general(magnitude, Math.max(1, precision), alternate, type == 'r');
          };
    }
    return capital ? text.toUpperCase(Locale.ROOT) : text;
  }

  private static String fixed(double value, int precision) {
    return new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String exponent(double value, int precision, boolean alternate) {
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    int exponent = rounded.signum() == 0 ? 0 : digits.length() - 1 - rounded.scale();
    digits = rounded.signum() == 0 ? "0" : digits;
    digits =
        digits.length() > precision + 1
            ? digits.substring(0, precision + 1)
            : digits + "0".repeat(precision + 1 - digits.length());
    String mantissa =
        digits.charAt(0) + (precision > 0 ? "." + digits.substring(1) : alternate ? "." : "");
    return mantissa + exponentSuffix(exponent);
  }

  private static String exponentSuffix(int exponent) {
    return "e"
        + (exponent < 0 ? "-" : "+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  private static String general(double value, int precision, boolean alternate, boolean showFloat) {
    String scientific = exponent(value, precision - 1, false);
    int at = scientific.indexOf('e');
    int exponent = Integer.parseInt(scientific.substring(at + 1));
    if (exponent < -4 || exponent >= precision - (showFloat ? 1 : 0)) {
      String mantissa = scientific.substring(0, at);
      return (alternate ? mantissa : trimZeros(mantissa)) + exponentSuffix(exponent);
    }
    String plain = fixed(value, Math.max(0, precision - 1 - exponent));
    if (alternate) {
      return plain.indexOf('.') < 0 ? plain + "." : plain;
    }
    String trimmed = trimZeros(plain);
    return showFloat && trimmed.indexOf('.') < 0 ? trimmed + ".0" : trimmed;
  }

  private static String trimZeros(String text) {
    if (text.indexOf('.') < 0) {
      return text;
    }
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
  }

  /** Whether the sign bit is set, which that of a NaN does not count as. */
  static boolean isNegative(double value) {
    return !Double.isNaN(value) && Math.copySign(1.0, value) < 0;
  }
}
