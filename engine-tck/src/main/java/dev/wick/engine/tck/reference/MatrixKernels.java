package dev.wick.engine.tck.reference;

import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;

/** Products of matrices, each element a sum in F64. */
final class MatrixKernels {
  private MatrixKernels() {}

  static void matMul(Elements a, Elements b, Elements out) {
    Shape shape = out.shape(); // [..., m, n]
    long m = shape.extent(-2);
    long n = shape.extent(-1);
    long inner = a.shape().extent(-1);
    Elements left = a.broadcast(batched(shape, m, inner));
    Elements right = b.broadcast(batched(shape, inner, n));
    Cursor leftMatrices = matrices(left.layout());
    Cursor rightMatrices = matrices(right.layout());
    long count = m * n == 0 ? 0 : shape.size() / (m * n);
    for (long matrix = 0; matrix < count; matrix++) {
      long leftStart = leftMatrices.next();
      long rightStart = rightMatrices.next();
      double[] rows = numbers(left, leftStart, m, -2, inner, -1);
      for (long column = 0; column < n; column++) {
        long columnStart = rightStart + column * right.layout().stride(-1);
        double[] factors = numbers(right, columnStart, 1, -1, inner, -2);
        for (int row = 0; row < m; row++) {
          out.set((matrix * m + row) * n + column, dot(rows, row, factors));
        }
      }
    }
  }

  private static double dot(double[] rows, int row, double[] factors) {
    double sum = 0;
    for (int i = 0; i < factors.length; i++) {
      sum += rows[row * factors.length + i] * factors[i];
    }
    return sum;
  }

  /** The shape of one factor: the batch axes of the result before two extents. */
  private static Shape batched(Shape result, long rows, long columns) {
    return result.with(-2, rows).with(-1, columns);
  }

  /** Walks the first elements of the matrices in a batch. */
  private static Cursor matrices(Layout layout) {
    boolean empty = layout.shape().extent(-1) == 0 || layout.shape().extent(-2) == 0;
    return new Cursor(empty ? layout : layout.slice(-1, 0, 1).slice(-2, 0, 1));
  }

  /**
   * A block of numbers in row-major order, its rows along one axis and its columns along another.
   */
  private static double[] numbers(
      Elements source, long start, long rows, int rowAxis, long columns, int columnAxis) {
    double[] result = new double[Math.toIntExact(Math.multiplyExact(rows, columns))];
    long rowStride = source.layout().stride(rowAxis);
    long columnStride = source.layout().stride(columnAxis);
    int next = 0;
    for (long row = 0; row < rows; row++) {
      for (long column = 0; column < columns; column++) {
        result[next++] = source.number(start + row * rowStride + column * columnStride);
      }
    }
    return result;
  }
}
