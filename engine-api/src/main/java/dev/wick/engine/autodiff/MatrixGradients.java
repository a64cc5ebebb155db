package dev.wick.engine.autodiff;

import dev.wick.engine.op.Backward;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.Shape;
import java.util.Map;
import java.util.TreeMap;

/** Gradients of the matrix product. */
final class MatrixGradients {
  private MatrixGradients() {}

  static Map<Integer, Expr> matMul(Backward backward) {
    Expr a = backward.operand(0); // [..., m, k]
    Expr b = backward.operand(1); // [..., k, n]
    Expr gradient = backward.gradient(0); // [..., m, n]
    Map<Integer, Expr> gradients = new TreeMap<>();
    if (backward.wants(0)) {
      // The weight as it is stored, F16 and BF16 included, only seen the other way round.
      gradients.put(0, Sums.to(gradient.matMul(b.transpose(-1, -2)), a.shape()));
    }
    if (backward.wants(1)) {
      gradients.put(1, ofRight(a, b.shape(), gradient));
    }
    return gradients;
  }

  private static Expr ofRight(Expr a, Shape b, Expr gradient) {
    long inner = b.extent(-2);
    long columns = b.extent(-1);
    long rows = gradient.shape().without(-1).size();
    boolean shared = b.without(-1).without(-1).size() == 1;
    if (shared && a.shape().rank() > 2 && a.shape().without(-1).size() == rows) {
      // One matrix for all: the sum over the leading axes is part of the product.
      Expr left = a.reshape(rows, inner).transpose(0, 1);
      return left.matMul(gradient.reshape(rows, columns)).reshape(b.toArray());
    }
    return Sums.to(a.transpose(-1, -2).matMul(gradient), b);
  }
}
