package dev.wick.tokenizers.jinja;

/**
 * Finds substrings in linear time. {@link String#indexOf(String, int)} compares anew at every
 * position, which two long texts that nearly match make quadratic; for long patterns this is Knuth,
 * Morris and Pratt's algorithm (1977).
 */
final class Search {
  private static final int LONG = 32;

  private Search() {}

  static int indexOf(String text, String wanted, int from) {
    if (wanted.length() < LONG) {
      return text.indexOf(wanted, from);
    }
    int[] borders = borders(wanted);
    int matched = 0;
    for (int i = from; i < text.length(); i++) {
      matched = advance(wanted, borders, matched, text.charAt(i));
      if (matched == wanted.length()) {
        return i + 1 - matched;
      }
    }
    return -1;
  }

  /** Returns the last occurrence that begins at or before a position. */
  static int lastIndexOf(String text, String wanted, int from) {
    if (wanted.length() < LONG) {
      return text.lastIndexOf(wanted, from);
    }
    String reversed = reversed(wanted);
    int[] borders = borders(reversed);
    int matched = 0;
    for (int i = Math.min(text.length(), from + wanted.length()) - 1; i >= 0; i--) {
      matched = advance(reversed, borders, matched, text.charAt(i));
      if (matched == wanted.length()) {
        return i;
      }
    }
    return -1;
  }

  /** {@link StringBuilder#reverse} would keep surrogate pairs in order. */
  private static String reversed(String text) {
    char[] units = new char[text.length()];
    for (int i = 0; i < units.length; i++) {
      units[i] = text.charAt(units.length - 1 - i);
    }
    return new String(units);
  }

  private static int advance(String wanted, int[] borders, int matched, char c) {
    int length = matched;
    while (length > 0 && wanted.charAt(length) != c) {
      length = borders[length - 1];
    }
    return wanted.charAt(length) == c ? length + 1 : length;
  }

  /** Returns for each prefix the length of its longest proper prefix that is also its suffix. */
  private static int[] borders(String wanted) {
    int[] borders = new int[wanted.length()];
    for (int i = 1; i < borders.length; i++) {
      int length = borders[i - 1];
      while (length > 0 && wanted.charAt(length) != wanted.charAt(i)) {
        length = borders[length - 1];
      }
      borders[i] = wanted.charAt(length) == wanted.charAt(i) ? length + 1 : 0;
    }
    return borders;
  }
}
