package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.nd4j.host.MatMulLoops;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Products of F32 matrices and batches of them. */
final class MatMulKernel {
  /** Multiplications per matrix from which on a batch is better taken one by one. */
  private static final long BATCH_LIMIT = 1 << 16;

  private MatMulKernel() {}

  /**
   * F32 [..., m, k] times F32 [..., k, n] under broadcasting.
   *
   * @param loopLimit multiplications per matrix from which on ND4J is called
   */
  static Kernel of(
      Operand a, Operand b, Operand out, long loopLimit, Products products, Scratch scratch) {
    Shape shape = out.shape();
    if (shape.size() == 0) {
      return () -> {};
    }
    long m = shape.extent(-2);
    long n = shape.extent(-1);
    long k = a.shape().extent(-1);
    if (k == 0 || m * n * k < loopLimit) {
      return MatMulLoops.matMul(a.host(), b.host(), out.host());
    }
    Layout left = a.layout().broadcast(shape.with(-1, k));
    Layout right = b.layout().broadcast(shape.with(-2, k));
    long matrices = shape.size() / (m * n);
    Optional<Layout> rows = left.reshape(Shape.of(matrices * m, k));
    if (rows.isPresent() && isRepeated(right)) {
      Matrix result = out.matrix(0, Layout.contiguous(Shape.of(matrices * m, n)));
      return products.of(a.matrix(0, rows.get()), b.matrix(0, first(right)), result, 1, scratch);
    }
    if (products instanceof Products.InPlace
        && m * n * k < BATCH_LIMIT
        && repeatsNothing(left)
        && repeatsNothing(right)) {
      return Products.InPlace.product(1)
          .arrays(out.array(out.layout()), a.array(left), b.array(right));
    }
    List<Kernel> batch = new ArrayList<>();
    for (long i = 0; i < matrices; i++) {
      Matrix result = out.matrix(i * m * n, Layout.contiguous(Shape.of(m, n)));
      batch.add(
          products.of(
              a.matrix(start(left, i), first(left)),
              b.matrix(start(right, i), first(right)),
              result,
              1,
              scratch));
    }
    return () -> batch.forEach(Kernel::run);
  }

  private static boolean repeatsNothing(Layout layout) {
    for (int axis = 0; axis < layout.shape().rank(); axis++) {
      if (layout.shape().extent(axis) != 1 && layout.stride(axis) == 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether a batch is one matrix again and again. */
  private static boolean isRepeated(Layout layout) {
    for (int axis = 0; axis < layout.shape().rank() - 2; axis++) {
      if (layout.shape().extent(axis) != 1 && layout.stride(axis) != 0) {
        return false;
      }
    }
    return true;
  }

  /** The layout of the first matrix in a batch. */
  private static Layout first(Layout layout) {
    Layout single = layout;
    for (int axis = 0; axis < layout.shape().rank() - 2; axis++) {
      single = single.slice(axis, 0, 1);
    }
    Shape matrix = Shape.of(layout.shape().extent(-2), layout.shape().extent(-1));
    return single.reshape(matrix).orElseThrow();
  }

  /** Elements from the first to the first of a matrix in the batch. */
  private static long start(Layout layout, long matrix) {
    long start = 0;
    long rest = matrix;
    for (int axis = layout.shape().rank() - 3; axis >= 0; axis--) {
      start += rest % layout.shape().extent(axis) * layout.stride(axis);
      rest /= layout.shape().extent(axis);
    }
    return start;
  }
}
