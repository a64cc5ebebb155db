package dev.wick.tokenizers.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Python's int and float arithmetic. An int is a {@link Long}, or a {@link BigInteger} beyond its
 * range.
 */
final class Numbers {
  private static final int MAX_BITS = 200_000;
  private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);

  private Numbers() {}

  static boolean isNumber(Object value) {
    return value instanceof Double || isInteger(value);
  }

  /** Whether the value is an int, which a bool is too. */
  static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
  }

  static Object normalize(BigInteger value) {
    return value.compareTo(LONG_MIN) >= 0 && value.compareTo(LONG_MAX) <= 0
        ? (Object) value.longValueExact()
        : value;
  }

  static BigInteger big(Object integer) {
    return switch (integer) {
      case Long n -> BigInteger.valueOf(n);
      case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
      case BigInteger n -> n;
      default ->
          throw PythonError.type(
              "'%s' object cannot be interpreted as an integer".formatted(Types.name(integer)));
    };
  }

  /** Returns an int clamped to the range of Java's, as an index or a count. */
  static int index(Object value) {
    if (!isInteger(value)) {
      throw PythonError.type(
          "'%s' object cannot be interpreted as an integer".formatted(Types.name(value)));
    }
    BigInteger n = big(value);
    return n.bitLength() < 32
        ? n.intValue()
        : n.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
  }

  static double toDouble(Object number) {
    return switch (number) {
      case Double d -> d;
      case Long n -> (double) n;
      default -> {
        double d = big(number).doubleValue();
        if (Double.isInfinite(d)) {
          throw PythonError.overflow("int too large to convert to float");
        }
        yield d;
      }
    };
  }

  static Object add(Object a, Object b) {
    if (a instanceof Double || b instanceof Double) {
      return toDouble(a) + toDouble(b);
    }
    return normalize(big(a).add(big(b)));
  }

  static Object subtract(Object a, Object b) {
    if (a instanceof Double || b instanceof Double) {
      return toDouble(a) - toDouble(b);
    }
    return normalize(big(a).subtract(big(b)));
  }

  static Object multiply(Object a, Object b) {
    if (a instanceof Double || b instanceof Double) {
      return toDouble(a) * toDouble(b);
    }
    checkBits((long) big(a).bitLength() + big(b).bitLength());
    return normalize(big(a).multiply(big(b)));
  }

  static Object divide(Object a, Object b) {
    if (a instanceof Double || b instanceof Double) {
      double divisor = toDouble(b);
      if (divisor == 0) {
        throw PythonError.zeroDivision("float division by zero");
      }
      return toDouble(a) / divisor;
    }
    if (big(b).signum() == 0) {
      throw PythonError.zeroDivision("division by zero");
    }
    if (big(a).bitLength() <= 53 && big(b).bitLength() <= 53) {
      return toDouble(a) / toDouble(b);
    }
    double quotient =
        new BigDecimal(big(a)).divide(new BigDecimal(big(b)), new MathContext(60)).doubleValue();
    if (Double.isInfinite(quotient)) {
      throw PythonError.overflow("integer division result too large for a float");
    }
    return quotient;
  }

  static Object floorDivide(Object a, Object b) {
    if (a instanceof Double || b instanceof Double) {
      return floatDivMod(toDouble(a), toDouble(b))[0];
    }
    return normalize(intDivMod(a, b)[0]);
  }

  static Object modulo(Object a, Object b) {
    if (a instanceof Double || b instanceof Double) {
      return floatDivMod(toDouble(a), toDouble(b))[1];
    }
    return normalize(intDivMod(a, b)[1]);
  }

  private static BigInteger[] intDivMod(Object a, Object b) {
    BigInteger divisor = big(b);
    if (divisor.signum() == 0) {
      throw PythonError.zeroDivision("integer division or modulo by zero");
    }
    BigInteger[] result = big(a).divideAndRemainder(divisor);
    if (result[1].signum() != 0 && result[1].signum() != divisor.signum()) {
      result[0] = result[0].subtract(BigInteger.ONE);
      result[1] = result[1].add(divisor);
    }
    return result;
  }

  /**
   * Follows CPython's float_divmod, which keeps the quotient exact where the rounded one would be
   * off by one.
   */
  private static double[] floatDivMod(double a, double b) {
    if (b == 0) {
      throw PythonError.zeroDivision("float floor division by zero");
    }
    double mod = a % b;
    double div = (a - mod) / b;
    if (mod != 0) {
      if ((b < 0) != (mod < 0)) {
        mod += b;
        div -= 1;
      }
    } else {
      mod = Math.copySign(0.0, b);
    }
    double floor;
    if (div != 0) {
      floor = Math.floor(div);
      if (div - floor > 0.5) {
        floor += 1;
      }
    } else {
      floor = Math.copySign(0.0, a / b);
    }
    return new double[] {floor, mod};
  }

  static Object power(Object a, Object b) {
    if (a instanceof Double || b instanceof Double || big(b).signum() < 0) {
      return floatPower(toDouble(a), toDouble(b));
    }
    BigInteger base = big(a);
    BigInteger exponent = big(b);
    if (base.signum() == 0 || base.abs().equals(BigInteger.ONE)) {
      boolean odd = exponent.testBit(0);
      return exponent.signum() == 0 ? (Object) 1L : normalize(odd ? base : base.abs());
    }
    checkBits(
        exponent.bitLength() > 31 ? Long.MAX_VALUE : base.bitLength() * exponent.longValueExact());
    return normalize(base.pow(exponent.intValueExact()));
  }

  private static double floatPower(double a, double b) {
    if (a == 0 && b < 0) {
      throw PythonError.zeroDivision("0.0 cannot be raised to a negative power");
    }
    if (a < 0 && b != Math.rint(b) && !Double.isInfinite(a)) {
      throw PythonError.type("complex numbers are not supported");
    }
    if (a == 1 || b == 0 || (a == -1 && Double.isInfinite(b))) {
      return 1;
    }
    double result = Math.pow(a, b);
    if (Double.isInfinite(result) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
      throw PythonError.overflow("(34, 'Numerical result out of range')");
    }
    return result;
  }

  static Object negate(Object value) {
    return value instanceof Double d ? (Object) (-d) : normalize(big(value).negate());
  }

  static Object plus(Object value) {
    return value instanceof Double ? value : normalize(big(value));
  }

  static Object abs(Object value) {
    return value instanceof Double d ? (Object) Math.abs(d) : normalize(big(value).abs());
  }

  /** Compares two numbers exactly; the caller has excluded NaN. */
  static int compare(Object a, Object b) {
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    }
    if (a instanceof Double x && b instanceof Double y) {
      return x < y ? -1 : x > y ? 1 : 0;
    }
    if (a instanceof Double x && Double.isInfinite(x)) {
      return x > 0 ? 1 : -1;
    }
    if (b instanceof Double y && Double.isInfinite(y)) {
      return y > 0 ? -1 : 1;
    }
    return decimal(a).compareTo(decimal(b));
  }

  static boolean isNan(Object value) {
    return value instanceof Double d && Double.isNaN(d);
  }

  private static BigDecimal decimal(Object value) {
    return value instanceof Double d ? new BigDecimal(d) : new BigDecimal(big(value));
  }

  /** Returns {@code int(value)} of a float. */
  static Object truncate(double value) {
    if (Double.isNaN(value)) {
      throw PythonError.value("cannot convert float NaN to integer");
    }
    if (Double.isInfinite(value)) {
      throw PythonError.overflow("cannot convert float infinity to integer");
    }
    return normalize(new BigDecimal(value).toBigInteger());
  }

  /** Returns {@code round(value, digits)}: half to even on the exact binary value. */
  static Object round(Object value, int digits) {
    if (value instanceof Double d) {
      if (Double.isNaN(d) || Double.isInfinite(d) || d == 0 || digits > 400) {
        return d;
      }
      if (digits < -400) {
        return Math.copySign(0.0, d);
      }
      double rounded = new BigDecimal(d).setScale(digits, RoundingMode.HALF_EVEN).doubleValue();
      return rounded == 0 ? Math.copySign(0.0, d) : rounded;
    }
    if (digits >= 0) {
      return plus(value);
    }
    if (digits < -MAX_BITS) {
      return 0L;
    }
    return normalize(
        new BigDecimal(big(value)).setScale(digits, RoundingMode.HALF_EVEN).toBigInteger());
  }

  private static void checkBits(long bits) {
    if (bits > MAX_BITS) {
      throw PythonError.limit("expected integers of at most %d bits".formatted(MAX_BITS));
    }
  }
}
