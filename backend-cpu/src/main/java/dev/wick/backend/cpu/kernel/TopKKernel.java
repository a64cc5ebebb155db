package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.TopK;
import java.lang.foreign.MemorySegment;

/** The k largest elements of rows, largest first. */
final class TopKKernel extends RowsKernel {
  /*
   * The results themselves hold a heap with the worst of the best k on top. A row is scanned by vectors for the next element
   * above the top; few are, and a heap sort at the end puts the best first. NaN counts as the largest.
   */
  private final RowMath math;
  private final HostTensor x;
  private final MemorySegment values;
  private final MemorySegment indices;
  private final long valuesOffset;
  private final long indicesOffset;
  private final int n;
  private final int k;

  TopKKernel(TopK op, RowMath math, HostTensor x, HostTensor values, HostTensor indices) {
    super(x.size() / x.extent(-1), x.extent(-1));
    this.math = math;
    this.x = x;
    this.values = values.segment();
    this.indices = indices.segment();
    this.valuesOffset = values.offset();
    this.indicesOffset = indices.offset();
    this.n = x.extent(-1);
    this.k = op.k();
  }

  @Override
  void row(long row) {
    long from = x.offset() + 4L * n * row;
    long v = valuesOffset + 4L * k * row;
    long p = indicesOffset + 4L * k * row;
    for (int i = 0; i < k; i++) {
      set(v, p, i, x.segment().get(Layouts.FLOAT, from + 4L * i), i);
    }
    for (int i = k / 2 - 1; i >= 0; i--) {
      sink(v, p, i, k);
    }
    int next = k;
    while (next < n) {
      float worst = values.get(Layouts.FLOAT, v);
      next = math.nextAbove(x.segment(), from, next, n, worst);
      if (next < n) {
        float value = x.segment().get(Layouts.FLOAT, from + 4L * next);
        if (isBetter(value, next, worst, indices.get(Layouts.INT, p))) {
          set(v, p, 0, value, next);
          sink(v, p, 0, k);
        }
        next++;
      }
    }
    for (int end = k - 1; end > 0; end--) {
      swap(v, p, 0, end);
      sink(v, p, 0, end);
    }
  }

  private void sink(long v, long p, int start, int size) {
    int parent = start;
    while (2 * parent + 1 < size) {
      int child = 2 * parent + 1;
      if (child + 1 < size && isBetter(v, p, child, child + 1)) {
        child++;
      }
      if (!isBetter(v, p, parent, child)) {
        return;
      }
      swap(v, p, parent, child);
      parent = child;
    }
  }

  private boolean isBetter(long v, long p, int i, int j) {
    return isBetter(
        values.get(Layouts.FLOAT, v + 4L * i),
        indices.get(Layouts.INT, p + 4L * i),
        values.get(Layouts.FLOAT, v + 4L * j),
        indices.get(Layouts.INT, p + 4L * j));
  }

  private static boolean isBetter(float a, int aIndex, float b, int bIndex) {
    if (a > b || (Float.isNaN(a) && !Float.isNaN(b))) {
      return true;
    }
    boolean equal = a == b || (Float.isNaN(a) && Float.isNaN(b));
    return equal && aIndex < bIndex;
  }

  private void swap(long v, long p, int i, int j) {
    float value = values.get(Layouts.FLOAT, v + 4L * i);
    int index = indices.get(Layouts.INT, p + 4L * i);
    set(v, p, i, values.get(Layouts.FLOAT, v + 4L * j), indices.get(Layouts.INT, p + 4L * j));
    set(v, p, j, value, index);
  }

  private void set(long v, long p, int i, float value, int index) {
    values.set(Layouts.FLOAT, v + 4L * i, value);
    indices.set(Layouts.INT, p + 4L * i, index);
  }
}
