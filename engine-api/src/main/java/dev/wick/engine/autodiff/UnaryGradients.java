package dev.wick.engine.autodiff;

import dev.wick.engine.op.Backward;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;

/** Gradients of functions of one element, from the result where that saves computing. */
final class UnaryGradients {
  private UnaryGradients() {}

  static Expr of(Unary.Kind kind, Backward backward) {
    Expr x = backward.operand(0);
    Expr y = backward.result(0);
    Expr gradient = backward.gradient(0);
    return switch (kind) {
      case NEG -> gradient.unary(Unary.Kind.NEG);
      case ABS -> withSign(x, gradient);
      case SQUARE -> gradient.mul(x.mul(2));
      case SQRT -> gradient.mul(0.5).div(y);
      case RSQRT -> gradient.mul(-0.5).mul(y).mul(y.unary(Unary.Kind.SQUARE));
      case RECIPROCAL -> gradient.mul(y.unary(Unary.Kind.SQUARE)).unary(Unary.Kind.NEG);
      case EXP -> gradient.mul(y);
      case LOG -> gradient.div(x);
      case SIN -> gradient.mul(x.unary(Unary.Kind.COS));
      case COS -> gradient.mul(x.unary(Unary.Kind.SIN)).unary(Unary.Kind.NEG);
      case TANH -> gradient.mul(complement(y.unary(Unary.Kind.SQUARE)));
      case SIGMOID -> gradient.mul(y.mul(complement(y)));
      case SILU -> {
        // s + x s (1 - s), where x s is the result
        Expr s = x.unary(Unary.Kind.SIGMOID);
        yield gradient.mul(s.add(y.mul(complement(s))));
      }
    };
  }

  private static Expr complement(Expr x) {
    return x.constant(1).sub(x);
  }

  private static Expr withSign(Expr x, Expr gradient) {
    Expr zero = x.constant(0);
    Expr negative = x.compare(Compare.Kind.LT, zero);
    Expr positive = x.compare(Compare.Kind.GT, zero);
    Expr other = negative.select(gradient.unary(Unary.Kind.NEG), zero);
    return positive.select(gradient, other);
  }
}
