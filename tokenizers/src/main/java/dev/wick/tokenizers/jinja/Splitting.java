package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Splitting, counting and replacing in strings as Python does. */
final class Splitting {
  /**
   * The part of a text between two code point indices.
   *
   * @param start code points before it
   */
  record Window(String text, int start) {}

  private Splitting() {}

  /**
   * Returns the part that the second and third argument select, or null if it lies beyond the text.
   */
  static @Nullable Window window(String text, Arguments.Bound bound) {
    if (!bound.has(1)) {
      return new Window(text, 0);
    }
    int length = Texts.length(text);
    int start = index(bound.get(1), 0, length);
    int end = bound.has(2) ? index(bound.get(2), length, length) : length;
    end = Math.min(end, length);
    return start > end ? null : new Window(Texts.substring(text, start, end), start);
  }

  private static int index(Object value, int absent, int length) {
    if (value == None.NONE) {
      return absent;
    }
    int index = Numbers.index(value);
    return index < 0 ? (int) Math.max(0, (long) index + length) : index;
  }

  static List<String> split(String text, String separator, int most, boolean fromRight) {
    List<String> parts = new ArrayList<>();
    if (fromRight) {
      int end = text.length();
      for (int at = Search.lastIndexOf(text, separator, end - separator.length());
          at >= 0 && parts.size() != most;
          at =
              at < separator.length()
                  ? -1
                  : Search.lastIndexOf(text, separator, at - separator.length())) {
        parts.add(text.substring(at + separator.length(), end));
        end = at;
      }
      parts.add(text.substring(0, end));
      Collections.reverse(parts);
      return parts;
    }
    int start = 0;
    for (int at = Search.indexOf(text, separator, 0);
        at >= 0 && parts.size() != most;
        at = Search.indexOf(text, separator, start)) {
      parts.add(text.substring(start, at));
      start = at + separator.length();
    }
    parts.add(text.substring(start));
    return parts;
  }

  /** Splits at runs of white space; what lies beyond the limit keeps its inner space. */
  static List<String> words(String text, int most, boolean fromRight) {
    if (most < 0) {
      return Texts.words(text);
    }
    return fromRight ? wordsFromRight(text, most) : wordsFromLeft(text, most);
  }

  private static List<String> wordsFromLeft(String text, int most) {
    List<String> words = new ArrayList<>();
    int start = skip(text, 0, true);
    while (start < text.length() && words.size() < most) {
      int end = skip(text, start, false);
      words.add(text.substring(start, end));
      start = skip(text, end, true);
    }
    if (start < text.length()) {
      words.add(text.substring(start));
    }
    return words;
  }

  private static List<String> wordsFromRight(String text, int most) {
    List<String> words = new ArrayList<>();
    int end = skipBack(text, text.length(), true);
    while (end > 0 && words.size() < most) {
      int start = skipBack(text, end, false);
      words.add(text.substring(start, end));
      end = skipBack(text, start, true);
    }
    if (end > 0) {
      words.add(text.substring(0, end));
    }
    Collections.reverse(words);
    return words;
  }

  private static int skip(String text, int from, boolean space) {
    int index = from;
    while (index < text.length() && Texts.isSpace(text.charAt(index)) == space) {
      index++;
    }
    return index;
  }

  private static int skipBack(String text, int from, boolean space) {
    int index = from;
    while (index > 0 && Texts.isSpace(text.charAt(index - 1)) == space) {
      index--;
    }
    return index;
  }

  static long count(String text, String wanted) {
    if (wanted.isEmpty()) {
      return Texts.length(text) + 1L;
    }
    long count = 0;
    for (int at = Search.indexOf(text, wanted, 0);
        at >= 0;
        at = Search.indexOf(text, wanted, at + wanted.length())) {
      count++;
    }
    return count;
  }

  static String replace(String text, String old, String with, int most, Budget budget) {
    long times = most < 0 ? count(text, old) : Math.min(most, count(text, old));
    budget.reserve(text.length() + times * (with.length() - (long) old.length()));
    StringBuilder out = new StringBuilder();
    int start = 0;
    if (old.isEmpty()) {
      for (long i = 0; i < times; i++) {
        out.append(with);
        if (start < text.length()) {
          int end = text.offsetByCodePoints(start, 1);
          out.append(text, start, end);
          start = end;
        }
      }
      return out.append(text.substring(start)).toString();
    }
    for (long i = 0; i < times; i++) {
      int at = Search.indexOf(text, old, start);
      out.append(text, start, at).append(with);
      start = at + old.length();
    }
    return out.append(text.substring(start)).toString();
  }
}
