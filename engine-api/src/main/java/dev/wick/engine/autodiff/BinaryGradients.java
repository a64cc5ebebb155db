package dev.wick.engine.autodiff;

import dev.wick.engine.op.Backward;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;
import java.util.Map;
import java.util.TreeMap;

/** Gradients of functions of two elements, and of the choice between them. */
final class BinaryGradients {
  private BinaryGradients() {}

  static Map<Integer, Expr> of(Binary.Kind kind, Backward backward) {
    Map<Integer, Expr> gradients = new TreeMap<>();
    if (backward.wants(0)) {
      gradients.put(0, Sums.to(ofFirst(kind, backward), backward.operand(0).shape()));
    }
    if (backward.wants(1)) {
      gradients.put(1, Sums.to(ofSecond(kind, backward), backward.operand(1).shape()));
    }
    return gradients;
  }

  private static Expr ofFirst(Binary.Kind kind, Backward backward) {
    Expr x = backward.operand(0);
    Expr y = backward.operand(1);
    Expr gradient = backward.gradient(0);
    return switch (kind) {
      case ADD, SUB -> gradient;
      case MUL -> gradient.mul(y);
      case DIV -> gradient.div(y);
      case MAX -> unlessBeaten(x, Compare.Kind.LT, y, gradient);
      case MIN -> unlessBeaten(x, Compare.Kind.GT, y, gradient);
      case POW -> {
        // At exponent 0 the power below may be infinite.
        Expr zero = y.constant(0);
        Expr slope = y.mul(x.apply(new Binary(Binary.Kind.POW), y.add(-1)));
        yield gradient.mul(y.compare(Compare.Kind.EQ, zero).select(zero, slope));
      }
    };
  }

  private static Expr ofSecond(Binary.Kind kind, Backward backward) {
    Expr x = backward.operand(0);
    Expr y = backward.operand(1);
    Expr result = backward.result(0);
    Expr gradient = backward.gradient(0);
    return switch (kind) {
      case ADD -> gradient;
      case SUB -> gradient.unary(Unary.Kind.NEG);
      case MUL -> gradient.mul(x);
      case DIV -> gradient.mul(result).div(y).unary(Unary.Kind.NEG);
      case MAX -> unlessBeaten(y, Compare.Kind.LT, x, gradient);
      case MIN -> unlessBeaten(y, Compare.Kind.GT, x, gradient);
      case POW -> {
        // 0 to the power of 0 or more stays, though the logarithm of 0 is infinite.
        Expr zero = x.constant(0);
        Expr slope = result.mul(x.unary(Unary.Kind.LOG));
        Expr flat = y.compare(Compare.Kind.GE, zero).select(zero, slope);
        yield gradient.mul(x.compare(Compare.Kind.EQ, zero).select(flat, slope));
      }
    };
  }

  /** The gradient where one side wins, half of it where both are equal. */
  private static Expr unlessBeaten(Expr side, Compare.Kind beaten, Expr other, Expr gradient) {
    Expr tied = side.compare(Compare.Kind.EQ, other).select(gradient.mul(0.5), gradient);
    return side.compare(beaten, other).select(gradient.constant(0), tied);
  }

  static Map<Integer, Expr> select(Backward backward) {
    Expr condition = backward.operand(0);
    Expr gradient = backward.gradient(0);
    Expr zero = gradient.constant(0);
    Map<Integer, Expr> gradients = new TreeMap<>();
    if (backward.wants(1)) {
      Expr chosen = condition.select(gradient, zero);
      gradients.put(1, Sums.to(chosen, backward.operand(1).shape()));
    }
    if (backward.wants(2)) {
      Expr chosen = condition.select(zero, gradient);
      gradients.put(2, Sums.to(chosen, backward.operand(2).shape()));
    }
    return gradients;
  }
}
