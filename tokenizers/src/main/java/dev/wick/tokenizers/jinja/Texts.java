package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Strings by code point, and Python's notion of white space and lines. */
final class Texts {
  private Texts() {}

  static boolean isString(Object value) {
    return value instanceof String || value instanceof Markup;
  }

  /** Returns the characters of a string value. */
  static String chars(Object value) {
    return switch (value) {
      case String s -> s;
      case Markup markup -> markup.text();
      default -> throw PythonError.type("expected string, got " + Types.name(value));
    };
  }

  /** Returns the text as markup if the model is markup. */
  static Object like(Object model, String text) {
    return model instanceof Markup ? new Markup(text) : text;
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  static boolean isBasic(String text) {
    return length(text) == text.length();
  }

  /** Returns the substring between two code point indices, which must be in range. */
  static String substring(String text, int start, int end) {
    if (isBasic(text)) {
      return text.substring(start, end);
    }
    int from = text.offsetByCodePoints(0, start);
    return text.substring(from, text.offsetByCodePoints(from, end - start));
  }

  static Iterator<Object> iterate(String text) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < text.length();
      }

      @Override
      public Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException("text");
        }
        int start = next;
        next = text.offsetByCodePoints(start, 1);
        return text.substring(start, next);
      }
    };
  }

  /** Compares by code point, where {@link String#compareTo} goes by UTF-16 unit. */
  static int compare(String a, String b) {
    int common = Math.min(a.length(), b.length());
    for (int i = 0; i < common; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        if (Character.isSurrogate(x) != Character.isSurrogate(y)) {
          return Character.isSurrogate(x) ? 1 : -1;
        }
        return Character.compare(x, y);
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  static boolean isSpace(int c) {
    return (c >= 0x09 && c <= 0x0d)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  private static boolean isLineEnd(char c) {
    return (c >= 0x0a && c <= 0x0d)
        || (c >= 0x1c && c <= 0x1e)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  static String strip(String text, @Nullable String chars) {
    return stripRight(stripLeft(text, chars), chars);
  }

  private static @Nullable BitSet set(@Nullable String chars) {
    if (chars == null) {
      return null;
    }
    BitSet set = new BitSet();
    chars.codePoints().forEach(set::set);
    return set;
  }

  static String stripLeft(String text, @Nullable String chars) {
    BitSet set = set(chars);
    int start = 0;
    while (start < text.length()) {
      int c = text.codePointAt(start);
      if (!stripped(c, set)) {
        break;
      }
      start += Character.charCount(c);
    }
    return text.substring(start);
  }

  static String stripRight(String text, @Nullable String chars) {
    BitSet set = set(chars);
    int end = text.length();
    while (end > 0) {
      int c = text.codePointBefore(end);
      if (!stripped(c, set)) {
        break;
      }
      end -= Character.charCount(c);
    }
    return text.substring(0, end);
  }

  private static boolean stripped(int c, @Nullable BitSet chars) {
    return chars == null ? isSpace(c) : chars.get(c);
  }

  /** Returns {@code text.splitlines(keepEnds)}. */
  static List<String> lines(String text, boolean keepEnds) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      if (isLineEnd(text.charAt(i))) {
        int end = i;
        if (text.charAt(i) == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
          i++;
        }
        lines.add(text.substring(start, keepEnds ? i + 1 : end));
        start = i + 1;
      }
    }
    if (start < text.length()) {
      lines.add(text.substring(start));
    }
    return lines;
  }

  /** Returns {@code text.split()}: the runs between white space. */
  static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    int start = -1;
    for (int i = 0; i < text.length(); i++) {
      if (isSpace(text.charAt(i))) {
        if (start >= 0) {
          words.add(text.substring(start, i));
        }
        start = -1;
      } else if (start < 0) {
        start = i;
      }
    }
    if (start >= 0) {
      words.add(text.substring(start));
    }
    return words;
  }
}
