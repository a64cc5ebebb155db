package dev.wick.streaming.sampling;

/**
 * Removes every token that would complete an n-gram which the prompt and the generated text already
 * have.
 *
 * @param n length of the n-grams in tokens, at least 1; 1 allows each token once
 */
public record NoRepeatNgram(int n) implements LogitsProcessor {
  /** Checks the range. */
  public NoRepeatNgram {
    Arguments.require(n >= 1, "no_repeat_ngram_size", "at least 1", n);
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    int prefix = n - 1;
    int end = history.size() - prefix; // where the last n - 1 tokens begin
    for (int start = 0; start < end; start++) {
      if (sameTokens(history, start, end, prefix)) {
        int index = candidates.indexOf(history.token(start + prefix));
        if (index >= 0) {
          candidates.setScore(index, Float.NEGATIVE_INFINITY);
        }
      }
    }
  }

  private static boolean sameTokens(TokenHistory history, int a, int b, int length) {
    for (int i = 0; i < length; i++) {
      if (history.token(a + i) != history.token(b + i)) {
        return false;
      }
    }
    return true;
  }
}
