package dev.wick.engine.autodiff;

import dev.wick.engine.op.Backward;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.tensor.DType;

/** Gradients of reductions along an axis. */
final class ReductionGradients {
  private ReductionGradients() {}

  static Expr of(Reduce reduce, Backward backward) {
    Expr x = backward.operand(0);
    Expr gradient = backward.gradient(0);
    return switch (reduce.kind()) {
      case SUM -> gradient.broadcast(x.shape());
      case MAX, MIN -> {
        Expr extreme = x.compare(Compare.Kind.EQ, backward.result(0));
        Expr share = gradient.div(extreme.cast(DType.F32).sum(reduce.axis()));
        yield extreme.select(share, gradient.constant(0));
      }
    };
  }
}
