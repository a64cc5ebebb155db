package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.HostTensor;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A matrix of F32 elements somewhere in memory.
 *
 * @param owner the buffer whose memory it is, null for scratch memory
 */
record Matrix(HostTensor host, @Nullable Nd4jBuffer owner) {
  Matrix(MemorySegment memory, long byteOffset, Layout layout, @Nullable Nd4jBuffer owner) {
    this(new HostTensor(memory, byteOffset, DType.F32, layout), owner);
  }

  private Layout layout() {
    return host.layout();
  }

  long rows() {
    return host.shape().extent(0);
  }

  long columns() {
    return host.shape().extent(1);
  }

  Matrix transpose() {
    return new Matrix(host.memory(), host.byteOffset(), layout().transpose(0, 1), owner);
  }

  /** The first rows of a row-major matrix as a matrix of other width. */
  Matrix prefix(long rows, long columns) {
    return new Matrix(
        host.memory(), host.byteOffset(), Layout.contiguous(Shape.of(rows, columns)), owner);
  }

  /** Whether BLAS can read it: one axis without gaps, the lines along it not overlapping. */
  boolean isDense() {
    return hasDenseRows(layout()) || hasDenseRows(layout().transpose(0, 1));
  }

  private static boolean hasDenseRows(Layout layout) {
    long columns = layout.shape().extent(1);
    return (columns == 1 || layout.stride(1) == 1)
        && (layout.shape().extent(0) == 1 || layout.stride(0) >= columns);
  }

  /** Whether its elements lie next to each other row by row. */
  boolean isRowMajor() {
    return layout().isContiguous();
  }

  /** The matrix as ND4J sees it; only of a dense one. */
  INDArray array() {
    long rowStride = layout().stride(0);
    long columnStride = layout().stride(1);
    // The stride of an axis with one element means nothing, but ND4J reads an order from it.
    if (rows() == 1) {
      rowStride = columns() * columnStride;
    } else if (columns() == 1) {
      columnStride = 1;
    }
    return Nd4jLibrary.array(
        host.memory(),
        host.byteOffset(),
        new long[] {rows(), columns()},
        new long[] {rowStride, columnStride});
  }

  /** The elements of a dense vector as ND4J sees them. */
  INDArray vector() {
    return Nd4jLibrary.array(
        host.memory(), host.byteOffset(), new long[] {rows() * columns()}, new long[] {1});
  }
}
