package dev.wick.backend.cpu.kernel;

import dev.wick.engine.tensor.Shape;
import java.util.List;

/**
 * A walk over tensors of one shape, row by row. Neighbouring axes that are regular in every tensor
 * are merged, so that a row is as long as the layouts allow.
 */
final class RowWalk {
  private final long[] starts;
  private final long[] extents;
  private final long[][] strides;
  private final long[] innerStrides;
  private final long inner;
  private final long rows;

  /**
   * A walk over tensors of the same shape; the last one is written, and within a row has no gaps.
   */
  RowWalk(Shape shape, List<HostTensor> tensors) {
    int count = tensors.size();
    int rank = shape.rank();
    starts = new long[count];
    long[] merged = new long[rank];
    long[][] steps = new long[count][rank];
    int axes = 0;
    for (int t = 0; t < count; t++) {
      starts[t] = tensors.get(t).offset();
    }
    for (int axis = 0; axis < rank; axis++) {
      long extent = shape.extent(axis);
      if (extent == 1) {
        continue;
      }
      boolean joins = axes > 0;
      for (int t = 0; joins && t < count; t++) {
        joins = steps[t][axes - 1] == tensors.get(t).stride(axis) * extent;
      }
      if (joins) {
        merged[axes - 1] *= extent;
      } else {
        merged[axes++] = extent;
      }
      for (int t = 0; t < count; t++) {
        steps[t][axes - 1] = tensors.get(t).stride(axis);
      }
    }
    HostTensor written = tensors.get(count - 1);
    boolean single = axes == 0 || steps[count - 1][axes - 1] != written.dtype().blockBytes();
    int outer = single ? axes : axes - 1;
    inner = single ? 1 : merged[axes - 1];
    innerStrides = new long[count];
    strides = new long[count][outer];
    extents = new long[outer];
    System.arraycopy(merged, 0, extents, 0, outer);
    for (int t = 0; t < count; t++) {
      innerStrides[t] = single ? 0 : steps[t][axes - 1];
      System.arraycopy(steps[t], 0, strides[t], 0, outer);
    }
    long total = 1;
    for (long extent : extents) {
      total *= extent;
    }
    rows = shape.size() == 0 ? 0 : total;
  }

  /** Number of rows. */
  long rows() {
    return rows;
  }

  /** Elements of a row. */
  long inner() {
    return inner;
  }

  /** Bytes between neighbours within a row of a tensor; 0 where it repeats one element. */
  long innerStride(int tensor) {
    return innerStrides[tensor];
  }

  /** Byte offset of the first element of a row of a tensor. */
  long offset(int tensor, long row) {
    long rest = row;
    long at = starts[tensor];
    long[] steps = strides[tensor];
    for (int i = extents.length - 1; i >= 0; i--) {
      at += rest % extents[i] * steps[i];
      rest /= extents[i];
    }
    return at;
  }
}
