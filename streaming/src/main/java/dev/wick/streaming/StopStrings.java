package dev.wick.streaming;

import java.util.List;

/**
 * Holds text back as long as it may be the beginning of a stop string, so that no part of one ever
 * gets out. The first one that is complete counts, wherever the borders of tokens are; of several
 * that end at the same place the longest. One thread at a time.
 */
final class StopStrings {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean matched;

  StopStrings(List<String> stops) {
    this.stops = stops;
  }

  /** Whether a stop string has come; what follows it is dropped. */
  boolean matched() {
    return matched;
  }

  /** Takes the next text and returns what may be shown now. */
  String next(String text) {
    if (stops.isEmpty() || text.isEmpty()) {
      return text;
    }
    int from = held.length();
    held.append(text);
    for (int end = from + 1; end <= held.length(); end++) {
      int length = longestEndingAt(end);
      if (length > 0) {
        matched = true;
        return release(end - length);
      }
    }
    return release(held.length() - longestBeginning());
  }

  /** What is still held back at the end of the generation. */
  String finish() {
    return release(held.length());
  }

  private String release(int length) {
    String released = held.substring(0, length);
    held.delete(0, length);
    return released;
  }

  private int longestEndingAt(int end) {
    int longest = 0;
    for (int i = 0; i < stops.size(); i++) {
      String stop = stops.get(i);
      if (stop.length() > longest && matches(end - stop.length(), stop, stop.length())) {
        longest = stop.length();
      }
    }
    return longest;
  }

  /** Length of the longest end of the held text with which a stop string begins. */
  private int longestBeginning() {
    int longest = 0;
    for (int i = 0; i < stops.size(); i++) {
      String stop = stops.get(i);
      for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
        if (matches(held.length() - length, stop, length)) {
          longest = length;
        }
      }
    }
    return longest;
  }

  private boolean matches(int from, String stop, int length) {
    if (from < 0) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (held.charAt(from + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
