package dev.wick.engine.autodiff;

import dev.wick.engine.op.Backward;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Evaluator;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Gradients of operations that move elements: they move back. */
final class MovementGradients {
  private MovementGradients() {}

  static Map<Integer, Expr> copy(Copy copy, Backward backward) {
    Expr gradient = backward.gradient(0);
    Map<Integer, Expr> gradients = new TreeMap<>();
    if (backward.operands().size() == 1) {
      gradients.put(0, gradient);
      return gradients;
    }
    long from = 0;
    for (int i = 0; i < backward.operands().size(); i++) {
      long to = from + backward.operand(i).extent(copy.axis());
      if (backward.wants(i)) {
        gradients.put(i, gradient.slice(copy.axis(), from, to));
      }
      from = to;
    }
    return gradients;
  }

  static Expr gather(Backward backward) {
    Expr table = backward.operand(0);
    Expr indices = backward.operand(1);
    long count = indices.shape().size();
    long[] rows = table.shape().with(0, count).toArray();
    return backward
        .zeros(table.spec())
        .apply(
            new Scatter(Scatter.Mode.ADD),
            indices.reshape(count),
            backward.gradient(0).reshape(rows));
  }

  static Map<Integer, Expr> scatter(Scatter.Mode mode, Backward backward) {
    Expr indices = backward.operand(1);
    Expr gradient = backward.gradient(0);
    Map<Integer, Expr> gradients = new TreeMap<>();
    if (backward.wants(0)) {
      gradients.put(
          0,
          switch (mode) {
            case ADD -> gradient;
            case SET -> {
              Expr nothing = gradient.constant(0).broadcast(backward.operand(2).shape());
              // A copy of its own, as others may have to read the gradient.
              yield gradient.apply(new Copy(0)).apply(new Scatter(mode), indices, nothing);
            }
          });
    }
    if (backward.wants(2)) {
      gradients.put(2, gradient.gather(indices));
    }
    return gradients;
  }

  /** Of a view that is only known by its strides: each element back to where it was taken from. */
  static Expr strided(Expr source, Movement.Strided view, Expr gradient) {
    Evaluator evaluator = gradient.evaluator();
    Layout layout = view.layout();
    Expr positions = constant(evaluator, new Iota(DType.I32, 1, view.offset(), 0));
    for (int axis = 0; axis < layout.shape().rank(); axis++) {
      long[] alongAxis = new long[layout.shape().rank()];
      Arrays.fill(alongAxis, 1);
      alongAxis[axis] = layout.shape().extent(axis);
      Iota steps = new Iota(DType.I32, alongAxis[axis], 0, layout.stride(axis));
      positions = positions.add(constant(evaluator, steps).reshape(alongAxis));
    }
    long count = layout.shape().size();
    return constant(evaluator, new Iota(DType.F32, source.shape().size(), 0, 0))
        .apply(new Scatter(Scatter.Mode.ADD), positions.reshape(count), gradient.reshape(count))
        .reshape(source.shape().toArray());
  }

  private static Expr constant(Evaluator evaluator, Iota iota) {
    return evaluator.apply(iota, List.of()).getFirst();
  }
}
