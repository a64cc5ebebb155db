package dev.wick.tokenizers.jinja;

/**
 * Finds the extent of a number literal, as jinja2's expressions for floats and integers match it.
 */
final class NumberScanner {
  private final String source;
  private final int start;
  private final int floatEnd;

  NumberScanner(String source, int start) {
    this.source = source;
    this.start = start;
    this.floatEnd = start > 0 && source.charAt(start - 1) == '.' ? -1 : scanFloat();
  }

  boolean isFloat() {
    return floatEnd >= 0;
  }

  int end() {
    return isFloat() ? floatEnd : integerEnd();
  }

  private int integerEnd() {
    if (digit(start) == 0 && start + 1 < source.length()) {
      int radix =
          switch (source.charAt(start + 1)) {
            case 'b', 'B' -> 2;
            case 'o', 'O' -> 8;
            case 'x', 'X' -> 16;
            default -> 0;
          };
      if (radix > 0) {
        int end = digits(start + 2, radix, true);
        if (end > start + 2) {
          return end;
        }
      }
      return zeros();
    }
    return digits(start, 10, false);
  }

  private int zeros() {
    int end = start + 1;
    while (digit(end) == 0
        || (end < source.length() && source.charAt(end) == '_' && digit(end + 1) == 0)) {
      end++;
    }
    return end;
  }

  private int scanFloat() {
    int end = digits(start, 10, false);
    boolean fraction = false;
    if (end < source.length() && source.charAt(end) == '.') {
      int after = digits(end + 1, 10, false);
      if (after > end + 1) {
        fraction = true;
        end = after;
      }
    }
    if (end < source.length() && (source.charAt(end) == 'e' || source.charAt(end) == 'E')) {
      int exponent = end + 1;
      if (exponent < source.length()
          && (source.charAt(exponent) == '+' || source.charAt(exponent) == '-')) {
        exponent++;
      }
      int after = digits(exponent, 10, false);
      if (after > exponent) {
        return after;
      }
    }
    return fraction ? end : -1;
  }

  /** Returns the end of digits with single underscores between them. */
  private int digits(int from, int radix, boolean leadingUnderscore) {
    int end = from;
    while (end < source.length()) {
      boolean digit = Character.digit(source.charAt(end), radix) >= 0 && source.charAt(end) < 128;
      boolean underscore =
          source.charAt(end) == '_'
              && (end > from || leadingUnderscore)
              && end + 1 < source.length()
              && source.charAt(end + 1) < 128
              && Character.digit(source.charAt(end + 1), radix) >= 0;
      if (!digit && !underscore) {
        break;
      }
      end++;
    }
    return end;
  }

  private int digit(int index) {
    return index < source.length() && source.charAt(index) < 128
        ? Character.digit(source.charAt(index), 10)
        : -1;
  }
}
