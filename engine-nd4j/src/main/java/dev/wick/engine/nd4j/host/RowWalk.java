package dev.wick.engine.nd4j.host;

import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.util.List;

/**
 * Walks several tensors of one shape together, in row-major order, as runs along which each has a
 * constant stride. Neighbouring axes that are one run in every tensor are joined. One thread at a
 * time; walking allocates nothing.
 */
final class RowWalk {
  private final long[] extents;
  private final long[][] strides;
  private final long[] runStrides;
  private final long count;
  private final long runs;
  private final long[] index;
  private final long[] at;

  /**
   * @param layouts layouts that broadcast to the shape
   */
  RowWalk(Shape shape, Layout... layouts) {
    int tensors = layouts.length;
    int rank = shape.rank();
    long[] extent = new long[rank + 1];
    long[][] stride = new long[tensors][rank + 1];
    int axes = 0;
    List<Layout> whole = List.of(layouts).stream().map(layout -> layout.broadcast(shape)).toList();
    for (int axis = 0; axis < rank; axis++) {
      if (shape.extent(axis) == 1) {
        continue;
      }
      boolean joins = axes > 0;
      for (int t = 0; t < tensors && joins; t++) {
        joins = stride[t][axes - 1] == whole.get(t).stride(axis) * shape.extent(axis);
      }
      int to = joins ? axes - 1 : axes++;
      extent[to] = (joins ? extent[to] : 1) * shape.extent(axis);
      for (int t = 0; t < tensors; t++) {
        stride[t][to] = whole.get(t).stride(axis);
      }
    }
    int outer = Math.max(0, axes - 1);
    this.count = axes == 0 ? 1 : extent[axes - 1];
    this.runStrides = new long[tensors];
    this.strides = new long[tensors][outer];
    for (int t = 0; t < tensors; t++) {
      this.runStrides[t] = axes == 0 ? 0 : stride[t][axes - 1];
      System.arraycopy(stride[t], 0, this.strides[t], 0, outer);
    }
    this.extents = new long[outer];
    System.arraycopy(extent, 0, this.extents, 0, outer);
    this.runs = shape.size() == 0 ? 0 : shape.size() / this.count;
    this.index = new long[outer];
    this.at = new long[tensors];
  }

  /** Distance in elements between neighbours of a run in one of the tensors. */
  long stride(int tensor) {
    return runStrides[tensor];
  }

  /** Calls the loop for each run. */
  void forEach(RunLoop loop) {
    for (int t = 0; t < at.length; t++) {
      at[t] = 0;
    }
    for (long run = 0; run < runs; run++) {
      loop.run(at, count);
      advance();
    }
  }

  private void advance() {
    for (int axis = extents.length - 1; axis >= 0; axis--) {
      index[axis]++;
      for (int t = 0; t < at.length; t++) {
        at[t] += strides[t][axis];
      }
      if (index[axis] < extents[axis]) {
        return;
      }
      for (int t = 0; t < at.length; t++) {
        at[t] -= extents[axis] * strides[t][axis];
      }
      index[axis] = 0;
    }
  }

  /** What is done with one run. */
  interface RunLoop {
    /**
     * Does it.
     *
     * @param at position of the run's first element in each tensor; to be read only
     * @param count elements of the run
     */
    void run(long[] at, long count);
  }
}
