package dev.wick.streaming.sampling;

/**
 * Introspective sort (Musser 1997, "Introspective sorting and selection algorithms") of indices by
 * key, ascending, with the choices of the C++ library that PyTorch sorts with: pivot of the median
 * of second, middle and last, insertion sort below 17 entries.
 *
 * <p>It is not stable, and that is the point: where tokens of equal probability lie at the border
 * of a nucleus, Hugging Face keeps those that this order puts last.
 */
final class IntroSort {
  private static final int INSERTION_LIMIT = 16;

  private final float[] keys;
  private final int[] order;

  private IntroSort(float[] keys) {
    this.keys = keys;
    this.order = new int[keys.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
  }

  /** Indices of the keys in ascending order; no key is NaN. */
  static int[] order(float[] keys) {
    IntroSort sort = new IntroSort(keys);
    int size = keys.length;
    if (size > 1) {
      int depth = 2 * (31 - Integer.numberOfLeadingZeros(size));
      sort.partitionAll(0, size, depth);
      sort.insertAll(size);
    }
    return sort.order;
  }

  /** Quicksort that leaves runs of up to 16 entries unsorted. */
  private void partitionAll(int first, int end, int depth) {
    int last = end;
    int left = depth;
    while (last - first > INSERTION_LIMIT) {
      if (left == 0) {
        heapSort(first, last);
        return;
      }
      left--;
      int middle = first + (last - first) / 2;
      medianToFirst(first, first + 1, middle, last - 1);
      int cut = partition(first + 1, last, keys[order[first]]);
      partitionAll(cut, last, left);
      last = cut;
    }
  }

  private void medianToFirst(int first, int a, int b, int c) {
    if (less(a, b)) {
      swap(first, less(b, c) ? b : less(a, c) ? c : a);
    } else {
      swap(first, less(a, c) ? a : less(b, c) ? c : b);
    }
  }

  private int partition(int from, int end, float pivot) {
    int first = from;
    int last = end;
    while (true) {
      while (keys[order[first]] < pivot) {
        first++;
      }
      last--;
      while (pivot < keys[order[last]]) {
        last--;
      }
      if (first >= last) {
        return first;
      }
      swap(first, last);
      first++;
    }
  }

  private void insertAll(int size) {
    for (int i = 1; i < size; i++) {
      int index = order[i];
      float key = keys[index];
      int at = i;
      while (at > 0 && key < keys[order[at - 1]]) {
        order[at] = order[at - 1];
        at--;
      }
      order[at] = index;
    }
  }

  private void heapSort(int first, int last) {
    int size = last - first;
    for (int parent = (size - 2) / 2; parent >= 0; parent--) {
      sink(first, parent, size, order[first + parent]);
    }
    for (int end = size - 1; end > 0; end--) {
      int index = order[first + end];
      order[first + end] = order[first];
      sink(first, 0, end, index);
    }
  }

  /** Moves the hole to a leaf along the larger children, then the index up from there. */
  private void sink(int first, int top, int size, int index) {
    int hole = top;
    int child = 2 * hole + 2;
    while (child < size) {
      if (less(first + child, first + child - 1)) {
        child--;
      }
      order[first + hole] = order[first + child];
      hole = child;
      child = 2 * hole + 2;
    }
    if (child == size) {
      order[first + hole] = order[first + child - 1];
      hole = child - 1;
    }
    int parent = (hole - 1) / 2;
    while (hole > top && keys[order[first + parent]] < keys[index]) {
      order[first + hole] = order[first + parent];
      hole = parent;
      parent = (hole - 1) / 2;
    }
    order[first + hole] = index;
  }

  private boolean less(int a, int b) {
    return keys[order[a]] < keys[order[b]];
  }

  private void swap(int a, int b) {
    int index = order[a];
    order[a] = order[b];
    order[b] = index;
  }
}
