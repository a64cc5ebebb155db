package dev.wick.streaming;

import dev.wick.streaming.sampling.TokenHistory;

/** Looks for the last tokens of a text further up, see {@link Speculation.PromptLookup}. */
final class NgramLookup {
  private NgramLookup() {}

  /** Guesses up to so many tokens; none if the last ones never occurred before. */
  static void propose(TokenHistory text, int maxNgram, int count, Draft draft) {
    for (int n = Math.min(maxNgram, text.size() - 1);
        n >= Speculation.PromptLookup.MIN_NGRAM;
        n--) {
      int end = lastOccurrence(text, n);
      if (end > 0) {
        for (int i = 0; i < count; i++) {
          int from = end + i; // beyond the text: what has been guessed, so that loops go on
          draft.add(from < text.size() ? text.token(from) : draft.token(from - text.size()));
        }
        return;
      }
    }
  }

  /** End of the last earlier occurrence of the last tokens, or -1. */
  private static int lastOccurrence(TokenHistory text, int n) {
    int size = text.size();
    for (int end = size - 1; end >= n; end--) {
      int same = 0;
      while (same < n && text.token(end - 1 - same) == text.token(size - 1 - same)) {
        same++;
      }
      if (same == n) {
        return end;
      }
    }
    return -1;
  }
}
