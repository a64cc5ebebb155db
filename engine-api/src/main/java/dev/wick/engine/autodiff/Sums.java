package dev.wick.engine.autodiff;

import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.util.Arrays;
import java.util.Optional;

/** Undoing a broadcast: the gradient of a repeated element is the sum over its repetitions. */
final class Sums {
  private Sums() {}

  /** A gradient summed to a shape that broadcasts to the gradient's. */
  static Expr to(Expr gradient, Shape target) {
    Shape shape = gradient.shape();
    if (shape.equals(target)) {
      return gradient;
    }
    int missing = shape.rank() - target.rank();
    Expr sum = gradient;
    int end = shape.rank();
    while (end > 0) {
      int start = end;
      while (start > 0 && isRepeated(shape, target, missing, start - 1)) {
        start--;
      }
      if (start < end) {
        sum = overAxes(sum, start, end);
      }
      end = start < end ? start : end - 1;
    }
    return sum.reshape(target.toArray());
  }

  private static boolean isRepeated(Shape shape, Shape target, int missing, int axis) {
    return axis < missing || (target.extent(axis - missing) == 1 && shape.extent(axis) != 1);
  }

  /** Sum over neighbouring axes, in one go where strides allow it; they stay with extent 1. */
  private static Expr overAxes(Expr value, int start, int end) {
    long[] summed = value.shape().toArray();
    long[] merged = value.shape().toArray();
    Arrays.fill(summed, start, end, 1);
    for (int axis = start + 1; axis < end; axis++) {
      merged[start] *= merged[axis];
      merged[axis] = 1;
    }
    Optional<Layout> layout = value.layout().reshape(Shape.of(merged));
    if (layout.isPresent()) {
      return value.view(layout.get(), 0).sum(start).reshape(summed);
    }
    Expr sum = value;
    for (int axis = start; axis < end; axis++) {
      sum = sum.extent(axis) == 1 ? sum : sum.sum(axis);
    }
    return sum;
  }
}
