package dev.wick.streaming.sampling;

import java.util.Arrays;

/**
 * The distribution that a token of a draft was picked from, kept until the token is {@linkplain
 * Sampler#verify verified}. Used again for later tokens; one thread at a time.
 */
public final class DraftDistribution {
  private int[] ids = {}; // in ascending order
  private float[] probabilities = {};
  private int size;

  /** A distribution that is nowhere above 0 until {@link Sampler#propose} fills it. */
  public DraftDistribution() {}

  /** Keeps the possible tokens of a step. */
  void keep(Candidates possible) {
    if (ids.length < possible.size()) {
      ids = new int[possible.size()];
      probabilities = new float[possible.size()];
    }
    size = 0;
    for (int i = 0; i < possible.size(); i++) {
      float probability = possible.probability(i);
      if (probability > 0) {
        ids[size] = possible.id(i);
        probabilities[size++] = probability;
      }
    }
  }

  /** Probability of a token, from 0 to 1. */
  public float probability(int id) {
    int index = Arrays.binarySearch(ids, 0, size, id);
    return index < 0 ? 0 : probabilities[index];
  }
}
