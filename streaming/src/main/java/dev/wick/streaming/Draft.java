package dev.wick.streaming;

import dev.wick.streaming.sampling.DraftDistribution;
import java.util.ArrayList;
import java.util.List;

/** The tokens that are guessed for one step of a generation. One thread at a time. */
final class Draft {
  private final int[] tokens = new int[Speculation.MAX_TOKENS];
  private final List<DraftDistribution> distributions = new ArrayList<>();
  private int size;
  private boolean drawn;

  /** Number of tokens. */
  int size() {
    return size;
  }

  int token(int index) {
    return tokens[index];
  }

  void clear() {
    size = 0;
    drawn = false;
  }

  /** Adds a token that was certain to be guessed. */
  void add(int token) {
    tokens[size++] = token;
  }

  /** Adds a token that was drawn from {@link #nextDistribution}. */
  void addDrawn(int token) {
    drawn = true;
    add(token);
  }

  /** Where the next token is to be drawn from. */
  DraftDistribution nextDistribution() {
    while (distributions.size() <= size) {
      distributions.add(new DraftDistribution());
    }
    return distributions.get(size);
  }

  /** Whether the tokens were drawn from distributions. */
  boolean isDrawn() {
    return drawn;
  }

  /** What a token was drawn from. */
  DraftDistribution distribution(int index) {
    return distributions.get(index);
  }
}
