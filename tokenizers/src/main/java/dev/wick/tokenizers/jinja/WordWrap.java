package dev.wick.tokenizers.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Wraps each line of a text as Python's {@code textwrap} does. */
final class WordWrap {
  private final int width;
  private final boolean breakLong;
  private final boolean breakHyphens;
  private final Budget budget;

  private WordWrap(int width, boolean breakLong, boolean breakHyphens, Budget budget) {
    this.width = width;
    this.breakLong = breakLong;
    this.breakHyphens = breakHyphens;
    this.budget = budget;
  }

  static String wrap(
      String text,
      int width,
      boolean breakLong,
      String newline,
      boolean breakHyphens,
      Budget budget) {
    if (width <= 0) {
      throw PythonError.value("invalid width %d (must be > 0)".formatted(width));
    }
    budget.reserve(text.length() * (1L + newline.length()));
    WordWrap wrap = new WordWrap(width, breakLong, breakHyphens, budget);
    List<String> lines = new ArrayList<>();
    for (String line : Texts.lines(text, false)) {
      lines.add(String.join(newline, wrap.wrapLine(chunks(line, breakHyphens))));
    }
    return String.join(newline, lines);
  }

  private List<String> wrapLine(Deque<String> chunks) {
    List<String> lines = new ArrayList<>();
    while (!chunks.isEmpty()) {
      List<String> line = new ArrayList<>();
      int length = 0;
      if (isBlank(chunks.element()) && !lines.isEmpty()) {
        chunks.remove();
      }
      while (!chunks.isEmpty() && length + Texts.length(chunks.element()) <= width) {
        length += Texts.length(chunks.element());
        line.add(chunks.remove());
      }
      if (!chunks.isEmpty() && Texts.length(chunks.element()) > width) {
        breakWord(chunks, line, width - length);
      }
      if (!line.isEmpty() && isBlank(line.getLast())) {
        line.removeLast();
      }
      if (!line.isEmpty()) {
        lines.add(String.join("", line));
      }
    }
    return lines;
  }

  /** Puts what fits of a chunk that is longer than a line into the rest of this line. */
  private void breakWord(Deque<String> chunks, List<String> line, int space) {
    if (!breakLong) {
      if (line.isEmpty()) {
        line.add(chunks.remove());
      }
      return;
    }
    String chunk = chunks.remove();
    budget.touch(chunk);
    int end = space;
    if (breakHyphens) {
      String head = Texts.substring(chunk, 0, space);
      int hyphen = head.lastIndexOf('-');
      if (hyphen > 0 && head.substring(0, hyphen).chars().anyMatch(c -> c != '-')) {
        end = Texts.length(head.substring(0, hyphen)) + 1;
      }
    }
    line.add(Texts.substring(chunk, 0, end));
    chunks.push(Texts.substring(chunk, end, Texts.length(chunk)));
  }

  private static boolean isBlank(String chunk) {
    return Texts.strip(chunk, null).isEmpty();
  }

  /** textwrap knows only the ASCII white space. */
  private static boolean isSpace(char c) {
    return (c >= 0x09 && c <= 0x0d) || c == ' ';
  }

  /**
   * Splits a line into white space and words, and words after hyphens between letters and around
   * dashes.
   */
  private static Deque<String> chunks(String line, boolean breakHyphens) {
    Deque<String> chunks = new ArrayDeque<>();
    int position = 0;
    while (position < line.length()) {
      int end = position;
      boolean space = isSpace(line.charAt(position));
      while (end < line.length() && isSpace(line.charAt(end)) == space) {
        end++;
      }
      if (space || !breakHyphens) {
        chunks.add(line.substring(position, end));
      } else {
        word(line.substring(position, end), chunks);
      }
      position = end;
    }
    return chunks;
  }

  private static void word(String word, Deque<String> chunks) {
    int start = 0;
    for (int i = 0; i < word.length(); i++) {
      if (word.charAt(i) != '-') {
        continue;
      }
      int end = i;
      while (end < word.length() && word.charAt(end) == '-') {
        end++;
      }
      if (end - i >= 2
          && i > 0
          && isDashNeighbour(word.charAt(i - 1))
          && end < word.length()
          && isWord(word.charAt(end))) {
        if (i > start) {
          chunks.add(word.substring(start, i));
        }
        chunks.add(word.substring(i, end));
        start = end;
      } else if (end - i == 1 && isHyphenBreak(word, i, start)) {
        chunks.add(word.substring(start, end));
        start = end;
      }
      i = end - 1;
    }
    if (start < word.length()) {
      chunks.add(word.substring(start));
    }
  }

  private static boolean isHyphenBreak(String word, int at, int start) {
    boolean before =
        (at - 2 >= start && isLetter(word.charAt(at - 1)) && isLetter(word.charAt(at - 2)))
            || (at - 3 >= start
                && isLetter(word.charAt(at - 1))
                && word.charAt(at - 2) == '-'
                && isLetter(word.charAt(at - 3)));
    boolean after =
        at + 2 < word.length()
            && isLetter(word.charAt(at + 1))
            && (isLetter(word.charAt(at + 2))
                || (word.charAt(at + 2) == '-'
                    && at + 3 < word.length()
                    && isLetter(word.charAt(at + 3))));
    return before && after;
  }

  private static boolean isLetter(char c) {
    return Character.isLetter(c) || c == '_';
  }

  private static boolean isWord(char c) {
    return Character.isLetterOrDigit(c) || c == '_';
  }

  private static boolean isDashNeighbour(char c) {
    return isWord(c) || "!\"'&.,?".indexOf(c) >= 0;
  }
}
