package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * The order of elements that fits words of two 16-bit floats: in each block of two vectors, first
 * the elements with even numbers, then the others. What does not fill a block keeps its order.
 */
final class EvenOdd {
  private EvenOdd() {}

  /** Brings {@code n} elements into this order, times {@code scale}. */
  static void split(
      MemorySegment x, long xOffset, int n, float scale, MemorySegment target, long offset) {
    int main = n - n % (2 * COUNT);
    for (int k = 0; k < main; k += 2 * COUNT) {
      long from = xOffset + 4L * k;
      long to = offset + 4L * k;
      for (int i = 0; i < COUNT; i++) {
        target.set(FLOAT, to + 4L * i, x.get(FLOAT, from + 8L * i) * scale);
        target.set(FLOAT, to + 4L * (i + COUNT), x.get(FLOAT, from + 8L * i + 4) * scale);
      }
    }
    for (int k = main; k < n; k++) {
      target.set(FLOAT, offset + 4L * k, x.get(FLOAT, xOffset + 4L * k) * scale);
    }
  }

  /** Where an element of a full block stands. */
  static int place(int k) {
    int inBlock = k % (2 * COUNT);
    return k - inBlock + inBlock / 2 + inBlock % 2 * COUNT;
  }
}
