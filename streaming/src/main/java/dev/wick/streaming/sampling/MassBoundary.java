package dev.wick.streaming.sampling;

import java.util.Arrays;

/**
 * Finds where to cut a ranking of tokens so that the front holds a given probability, without
 * sorting all of them.
 *
 * <p>Tokens are ranked by a key, the smallest first. A histogram of the keys tells in which bucket
 * the cut lies; only the tokens of that bucket are sorted. Sums are taken in double precision and
 * compared in single precision, as PyTorch's {@code cumsum} and comparison do on a CPU.
 */
final class MassBoundary {
  private static final int BUCKETS = 2048;
  private static final float BUCKETS_PER_UNIT = 64;
  private static final int SORT_ALL = 256;

  private final double[] mass = new double[BUCKETS];
  private final int[] count = new int[BUCKETS];
  private long[] ranks = new long[SORT_ALL];

  private double total;
  private float limit;
  private boolean limitsRest;
  private int minTokensToKeep;
  private int keptTies;

  /** The position of a token in the ranking: by key, then by index. */
  private static long rank(float key, int index) {
    int bits = Float.floatToRawIntBits(key);
    int ordered = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    return ((long) ordered << 32) | index;
  }

  /** The key in a rank. */
  private static float key(long rank) {
    int ordered = (int) (rank >> 32);
    return Float.intBitsToFloat(ordered ^ ((ordered >> 31) & Integer.MAX_VALUE));
  }

  private static int index(long rank) {
    return (int) rank;
  }

  /** The last key to keep if the rest, the token itself included, must exceed {@code rest}. */
  float keepUntilRestIsAtMost(
      float[] keys, float[] probabilities, int size, float rest, int minTokensToKeep) {
    this.total = Exponentials.sum(probabilities, 0, size);
    this.limit = rest;
    this.limitsRest = true;
    this.minTokensToKeep = minTokensToKeep;
    return find(keys, probabilities, size);
  }

  /** The last key to keep if the tokens in front of it must hold less than {@code mass}. */
  float keepUntilMassIsReached(
      float[] keys, float[] probabilities, int size, float mass, int minTokensToKeep) {
    this.limit = mass;
    this.limitsRest = false;
    this.minTokensToKeep = minTokensToKeep;
    return find(keys, probabilities, size);
  }

  /** How many of the tokens with the last key are kept, if they are not all; else 0. */
  int keptTies() {
    return keptTies;
  }

  private boolean keeps(int before, double massBefore) {
    return before < minTokensToKeep
        || (limitsRest ? (float) (total - massBefore) > limit : (float) massBefore < limit);
  }

  private float find(float[] keys, float[] probabilities, int size) {
    if (size <= SORT_ALL) {
      for (int i = 0; i < size; i++) {
        ranks[i] = rank(keys[i], i);
      }
      return cut(probabilities, size, 0, 0);
    }
    float smallest = keys[0];
    for (int i = 1; i < size; i++) {
      smallest = Math.min(smallest, keys[i]);
    }
    Arrays.fill(mass, 0);
    Arrays.fill(count, 0);
    for (int i = 0; i < size; i++) {
      int bucket = bucket(keys[i], smallest);
      mass[bucket] += probabilities[i];
      count[bucket]++;
    }
    // The first token of the cut bucket is kept, the first one behind that bucket is not.
    int cutBucket = 0;
    int before = 0;
    double massBefore = 0;
    while (cutBucket < BUCKETS - 1
        && before + count[cutBucket] < size
        && keeps(before + count[cutBucket], massBefore + mass[cutBucket])) {
      before += count[cutBucket];
      massBefore += mass[cutBucket];
      cutBucket++;
    }
    return cut(probabilities, gather(keys, size, smallest, cutBucket), before, massBefore);
  }

  private int gather(float[] keys, int size, float smallest, int cutBucket) {
    if (ranks.length < count[cutBucket]) {
      ranks = new long[Math.max(count[cutBucket], 2 * ranks.length)];
    }
    int gathered = 0;
    for (int i = 0; i < size; i++) {
      if (bucket(keys[i], smallest) == cutBucket) {
        ranks[gathered++] = rank(keys[i], i);
      }
    }
    return gathered;
  }

  /** Sorts the gathered ranks and returns the last key that is kept; the first of them is. */
  private float cut(float[] probabilities, int gathered, int before, double massBefore) {
    Arrays.sort(ranks, 0, gathered);
    double sum = massBefore;
    int last = 0;
    while (last + 1 < gathered) {
      sum += probabilities[index(ranks[last])];
      if (!keeps(before + last + 1, sum)) {
        break;
      }
      last++;
    }
    float key = key(ranks[last]);
    keptTies = 0;
    if (last + 1 < gathered && key(ranks[last + 1]) == key) {
      for (int i = last; i >= 0 && key(ranks[i]) == key; i--) {
        keptTies++;
      }
    }
    return key;
  }

  private static int bucket(float key, float smallest) {
    return Math.min(BUCKETS - 1, (int) ((key - smallest) * BUCKETS_PER_UNIT));
  }
}
