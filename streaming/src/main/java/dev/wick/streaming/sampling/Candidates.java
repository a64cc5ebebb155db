package dev.wick.streaming.sampling;

import java.util.Arrays;

/**
 * The tokens that are still possible in one step, in ascending order of id, each with a score.
 *
 * <p>A score of minus infinity means that the token is impossible; such an entry may stay in the
 * list until the processing of the step ends. The arrays belong to a {@link Sampler} and are used
 * again for every step. One thread at a time; an instance is only valid until the next step.
 */
public final class Candidates {
  private static final int BLOCK = 512;
  private static final boolean[] NONE = {};

  private final float[] scores;
  private final int vocabSize;
  private int[] ids = {};
  private float[] weights = {};
  private float[] keys = {};
  private final MassBoundary boundary = new MassBoundary();

  private int size;
  private boolean dense; // ids are not filled: id(i) == i
  private boolean weighted; // weights and totalWeight fit the scores
  private double totalWeight;

  Candidates(int vocabSize) {
    this.vocabSize = vocabSize;
    this.scores = new float[vocabSize];
  }

  void load(float[] logits, int offset) {
    System.arraycopy(logits, offset, scores, 0, vocabSize);
    size = vocabSize;
    dense = true;
    weighted = false;
  }

  /** Number of entries. */
  public int size() {
    return size;
  }

  /** Token id of an entry. */
  public int id(int index) {
    checkIndex(index);
    return dense ? index : ids[index];
  }

  /** Score of an entry: its logit after the processors that ran so far. */
  public float score(int index) {
    checkIndex(index);
    return scores[index];
  }

  /** Replaces the score of an entry; minus infinity removes the token. */
  public void setScore(int index, float score) {
    checkIndex(index);
    scores[index] = score;
    weighted = false;
  }

  /** The entry of a token, or -1 if the token is not in the list. */
  public int indexOf(int id) {
    if (dense) {
      return id >= 0 && id < size ? id : -1;
    }
    int index = Arrays.binarySearch(ids, 0, size, id);
    return index >= 0 ? index : -1;
  }

  /** Probability of an entry: the softmax of the scores. */
  public float probability(int index) {
    checkIndex(index);
    softmax();
    return (float) (weights[index] / totalWeight);
  }

  void divideScores(float divisor) {
    for (int i = 0; i < size; i++) {
      scores[i] /= divisor;
    }
    weighted = false;
  }

  /** Largest score; NaN if one is NaN. */
  float maxScore() {
    return Exponentials.max(scores, 0, size);
  }

  /** First entry with the largest score. */
  int argMax() {
    return Exponentials.indexOf(scores, 0, size, maxScore());
  }

  /** Keeps the {@code k} largest scores and all that equal the smallest of them. */
  void keepTopK(int k) {
    if (k >= size) {
      return;
    }
    keepScoresFrom(LargestScores.kthLargest(scores, size, k, keys(size)));
  }

  /** Keeps the scores that are at most {@code -logRatio} below the largest one. */
  void keepWithin(double logRatio, int minTokensToKeep) {
    double threshold = maxScore() + logRatio;
    if (minTokensToKeep > 1) {
      int k = Math.min(minTokensToKeep, size);
      threshold = Math.min(threshold, LargestScores.kthLargest(scores, size, k, keys(size)));
    }
    keepScoresFrom(threshold);
  }

  private void keepScoresFrom(double threshold) {
    int kept = 0;
    begin();
    for (int i = 0; i < size; i++) {
      if (scores[i] >= threshold) {
        keep(kept++, i);
      }
    }
    end(kept);
  }

  /** Drops the smallest probabilities, whose sum is at most {@code 1 - p}. */
  void keepTopP(float removedMass, int minTokensToKeep) {
    float[] key = keys(size);
    normalize();
    for (int i = 0; i < size; i++) {
      key[i] = 0 - scores[i]; // and not -score: -0 and 0 are equal
    }
    float lastKey =
        boundary.keepUntilRestIsAtMost(key, weights, size, removedMass, minTokensToKeep);
    boolean sharedKey = boundary.keptTies() > 0 && lastKey < Float.POSITIVE_INFINITY;
    boolean[] dropped = sharedKey ? droppedTies(-lastKey, boundary.keptTies()) : NONE;
    int kept = 0;
    begin();
    for (int i = 0; i < size; i++) {
      if (key[i] <= lastKey && !(i < dropped.length && dropped[i])) {
        keep(kept++, i);
      }
    }
    end(kept);
  }

  /**
   * Of the entries with one score, all but those that come last in the order in which PyTorch sorts
   * the row; rarely needed, since it takes equal scores at the border of the nucleus.
   */
  private boolean[] droppedTies(float score, int kept) {
    float[] row = new float[vocabSize];
    Arrays.fill(row, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < size; i++) {
      row[dense ? i : ids[i]] = scores[i];
    }
    int[] order = IntroSort.order(row);
    boolean[] dropped = new boolean[size];
    int left = kept;
    for (int i = order.length - 1; i >= 0; i--) {
      if (row[order[i]] == score && --left < 0) {
        dropped[indexOf(order[i])] = true;
      }
    }
    return dropped;
  }

  /**
   * Keeps the tokens whose surprise is nearest to the entropy, until their probabilities reach
   * {@code mass}.
   */
  void keepTypical(float mass, int minTokensToKeep) {
    float[] key = keys(size);
    normalize();
    float max = maxScore();
    double logTotal = Math.log(totalWeight);
    double entropy = 0;
    for (int i = 0; i < size; i++) {
      if (weights[i] > 0) {
        entropy -= ((double) scores[i] - max - logTotal) * weights[i];
      }
    }
    for (int i = 0; i < size; i++) {
      key[i] = (float) Math.abs(logTotal + max - scores[i] - entropy);
    }
    float lastKey = boundary.keepUntilMassIsReached(key, weights, size, mass, minTokensToKeep);
    int kept = 0;
    begin();
    for (int i = 0; i < size; i++) {
      if (key[i] <= lastKey) {
        keep(kept++, i);
      }
    }
    end(kept);
  }

  /** Drops the impossible entries. */
  void dropImpossible() {
    keepScoresFrom(-Float.MAX_VALUE);
  }

  /** The entry at a position of the cumulated probabilities, in [0, 1). */
  int pick(double position) {
    softmax();
    double rest = position * totalWeight;
    int last = 0;
    for (int block = 0; block < size; block += BLOCK) {
      int end = Math.min(block + BLOCK, size);
      double mass = Exponentials.sum(weights, block, end - block);
      if (mass <= rest) {
        rest -= mass;
        continue;
      }
      for (int i = block; i < end; i++) {
        if (weights[i] > 0) {
          rest -= weights[i];
          last = i;
          if (rest < 0) {
            return i;
          }
        }
      }
    }
    // Only rounding leads here, with nearly nothing left to go.
    return weights[last] > 0 ? last : argMax();
  }

  /**
   * The entry at a position of the cumulated differences to another distribution, where this one is
   * larger; in [0, 1).
   */
  int pickBeyond(DraftDistribution other, double position) {
    softmax();
    float[] rest = keys(size);
    double total = 0;
    for (int i = 0; i < size; i++) {
      double excess = weights[i] / totalWeight - other.probability(id(i));
      rest[i] = (float) Math.max(0, excess);
      total += rest[i];
    }
    double left = position * total;
    int last = -1;
    for (int i = 0; i < size; i++) {
      if (rest[i] > 0) {
        last = i;
        left -= rest[i];
        if (left < 0) {
          return i;
        }
      }
    }
    return last >= 0 ? last : pick(position); // the two differ by rounding only
  }

  /** Unnormalised probabilities and their sum, unless they are known. */
  private void softmax() {
    if (weighted) {
      return;
    }
    if (weights.length < size) {
      weights = new float[size];
    }
    Exponentials.exp(scores, size, maxScore(), weights);
    totalWeight = Exponentials.sum(weights, 0, size);
    weighted = true;
  }

  /** Turns the weights into single precision probabilities, as PyTorch's softmax has them. */
  private void normalize() {
    softmax();
    for (int i = 0; i < size; i++) {
      weights[i] = (float) (weights[i] / totalWeight);
    }
    weighted = false;
  }

  private float[] keys(int length) {
    if (keys.length < length) {
      keys = new float[length];
    }
    return keys;
  }

  private void begin() {
    if (ids.length < size) {
      ids = new int[size];
    }
  }

  private void keep(int target, int source) {
    scores[target] = scores[source];
    ids[target] = dense ? source : ids[source];
  }

  private void end(int kept) {
    dense = dense && kept == size;
    weighted = weighted && kept == size;
    size = kept;
  }

  private void checkIndex(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException(
          "candidates: expected an index below %d, got %d".formatted(size, index));
    }
  }
}
