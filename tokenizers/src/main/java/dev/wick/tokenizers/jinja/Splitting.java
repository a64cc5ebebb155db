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
      for (int at = text.lastIndexOf(separator, end - separator.length());
          at >= 0 && parts.size() != most;
          at =
              at < separator.length() ? -1 : text.lastIndexOf(separator, at - separator.length())) {
        parts.add(text.substring(at + separator.length(), end));
        end = at;
      }
      parts.add(text.substring(0, end));
      Collections.reverse(parts);
      return parts;
    }
    int start = 0;
    for (int at = text.indexOf(separator);
        at >= 0 && parts.size() != most;
        at = text.indexOf(separator, start)) {
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
    List<String> words = new ArrayList<>();
    String rest = fromRight ? Texts.stripRight(text, null) : Texts.stripLeft(text, null);
    while (!rest.isEmpty() && words.size() < most) {
      int at = fromRight ? rest.length() : 0;
      while (fromRight
          ? at > 0 && !Texts.isSpace(rest.charAt(at - 1))
          : at < rest.length() && !Texts.isSpace(rest.charAt(at))) {
        at += fromRight ? -1 : 1;
      }
      words.add(fromRight ? rest.substring(at) : rest.substring(0, at));
      rest =
          fromRight
              ? Texts.stripRight(rest.substring(0, at), null)
              : Texts.stripLeft(rest.substring(at), null);
    }
    if (!rest.isEmpty()) {
      words.add(rest);
    }
    if (fromRight) {
      Collections.reverse(words);
    }
    return words;
  }

  static long count(String text, String wanted) {
    if (wanted.isEmpty()) {
      return Texts.length(text) + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length())) {
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
      int at = text.indexOf(old, start);
      out.append(text, start, at).append(with);
      start = at + old.length();
    }
    return out.append(text.substring(start)).toString();
  }
}
