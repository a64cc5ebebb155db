package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.HostTensor;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A place in the memory of a buffer, as loops and as ND4J see it. */
record Operand(Nd4jBuffer buffer, long byteOffset, DType dtype, Layout layout) {
  static Operand of(TensorView view) {
    return new Operand((Nd4jBuffer) view.buffer(), view.byteOffset(), view.dtype(), view.layout());
  }

  Shape shape() {
    return layout.shape();
  }

  HostTensor host() {
    return new HostTensor(buffer.memory(), byteOffset, dtype, layout);
  }

  /** Whether ND4J can compute on it as on one run of elements. */
  boolean isRun() {
    return dtype == DType.F32 && layout.isContiguous() && shape().size() > 0;
  }

  /** All elements as one vector; only of a run. */
  INDArray vector() {
    return array(0, new long[] {shape().size()}, new long[] {1});
  }

  /** All elements as a matrix with rows of the last axis; only of a run. */
  INDArray rows() {
    long columns = shape().extent(-1);
    return array(0, new long[] {shape().size() / columns, columns}, new long[] {columns, 1});
  }

  /**
   * F32 elements under a layout of rank 2.
   *
   * @param first elements from this operand's first
   */
  Matrix matrix(long first, Layout rankTwo) {
    return new Matrix(buffer.memory(), byteOffset + first * Float.BYTES, rankTwo, buffer);
  }

  /** All elements under a layout that repeats none. */
  INDArray array(Layout other) {
    return array(0, other.shape().toArray(), other.strides());
  }

  private INDArray array(long first, long[] shape, long[] strides) {
    return Nd4jLibrary.array(buffer.memory(), byteOffset + first * Float.BYTES, shape, strides);
  }
}
