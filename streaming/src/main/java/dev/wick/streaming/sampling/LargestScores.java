package dev.wick.streaming.sampling;

import java.util.Arrays;

/** Partial selection of the largest entries of an array. */
final class LargestScores {
  /** Up to here a heap beats sorting everything. */
  private static final int HEAP_LIMIT = 4096;

  private LargestScores() {}

  /**
   * The k-th largest of the first {@code size} entries, k from 1 to size; {@code scratch} is as
   * long.
   */
  static float kthLargest(float[] x, int size, int k, float[] scratch) {
    if (k > HEAP_LIMIT) {
      System.arraycopy(x, 0, scratch, 0, size);
      Arrays.sort(scratch, 0, size);
      return scratch[size - k];
    }
    System.arraycopy(x, 0, scratch, 0, k);
    for (int i = k / 2 - 1; i >= 0; i--) {
      sink(scratch, k, i);
    }
    for (int i = k; i < size; i++) {
      if (x[i] > scratch[0]) {
        scratch[0] = x[i];
        sink(scratch, k, 0);
      }
    }
    return scratch[0];
  }

  /**
   * Indices of the largest entries in descending order, the lower index first among equals.
   *
   * @param indices receives them; its length says how many, at most {@code size}
   */
  static void indices(float[] x, int offset, int size, int[] indices) {
    int count = 0;
    for (int i = 0; i < size; i++) {
      float value = x[offset + i];
      if (count < indices.length || value > x[offset + indices[count - 1]]) {
        int at = count < indices.length ? count++ : count - 1;
        while (at > 0 && value > x[offset + indices[at - 1]]) {
          indices[at] = indices[at - 1];
          at--;
        }
        indices[at] = i;
      }
    }
  }

  /** Restores the order of a heap whose root is the smallest entry. */
  private static void sink(float[] heap, int size, int root) {
    float value = heap[root];
    int at = root;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= value) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = value;
  }
}
