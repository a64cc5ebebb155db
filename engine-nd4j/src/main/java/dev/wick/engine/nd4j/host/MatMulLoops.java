package dev.wick.engine.nd4j.host;

import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;

/** Products of matrices that are too small for a call of a library. Sums are taken in F64. */
public final class MatMulLoops {
  private MatMulLoops() {}

  /** F32 [..., m, k] times F32 [..., k, n]. */
  public static Kernel matMul(HostTensor a, HostTensor b, HostTensor out) {
    Shape shape = out.shape();
    long m = shape.extent(-2);
    long n = shape.extent(-1);
    long k = a.shape().extent(-1);
    Layout left = a.layout().broadcast(shape.with(-1, k));
    Layout right = b.layout().broadcast(shape.with(-2, k));
    RowWalk walk = new RowWalk(batch(shape), first(left), first(right));
    ElementwiseLoops.Output matrices = new ElementwiseLoops.Output();
    return matrices.kernel(
        walk,
        (at, count) -> {
          for (long i = 0; i < count; i++) {
            long target = matrices.take(1) * m * n;
            long aStart = at[0] + i * walk.stride(0);
            long bStart = at[1] + i * walk.stride(1);
            for (long row = 0; row < m; row++) {
              for (long column = 0; column < n; column++) {
                double sum = 0;
                for (long j = 0; j < k; j++) {
                  sum +=
                      (double) a.f32(aStart + row * left.stride(-2) + j * left.stride(-1))
                          * b.f32(bStart + j * right.stride(-2) + column * right.stride(-1));
                }
                out.setF32(target + row * n + column, (float) sum);
              }
            }
          }
        });
  }

  private static Shape batch(Shape shape) {
    return shape.with(-1, shape.extent(-1) == 0 ? 0 : 1).with(-2, shape.extent(-2) == 0 ? 0 : 1);
  }

  /** The first elements of the matrices. */
  private static Layout first(Layout layout) {
    boolean empty = layout.shape().extent(-1) == 0 || layout.shape().extent(-2) == 0;
    return empty
        ? Layout.contiguous(layout.shape().with(-1, 1).with(-2, 1))
        : layout.slice(-1, 0, 1).slice(-2, 0, 1);
  }
}
