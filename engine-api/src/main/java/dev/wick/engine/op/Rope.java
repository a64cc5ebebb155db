package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rotates pairs of channels by position (RoFormer, Su et al. 2021, arXiv:2104.09864), half-split
 * layout: channel i pairs with channel i + half.
 *
 * <p>Operands: x F32 [tokens, heads, headDim]; cos and sin F32 [tokens, half] with {@code 2 * half
 * <= headDim}. Channels from {@code 2 * half} on pass through.
 */
public record Rope() implements DifferentiableOp {
  @Override
  public String name() {
    return "rope";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 3);
    for (int i = 0; i < 3; i++) {
      Operands.dtype(this, operands, i, DType.F32);
      Operands.rank(this, operands, i, i == 0 ? 3 : 2);
    }
    Shape x = operands.get(0).shape();
    Shape cos = operands.get(1).shape();
    Operands.check(
        this,
        operands,
        cos.equals(operands.get(2).shape())
            && cos.extent(0) == x.extent(0)
            && 2 * cos.extent(1) <= x.extent(2),
        "cos and sin of [tokens, at most headDim / 2]");
    return List.of(operands.get(0));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    long tokens = x.extent(0);
    long half = operands.get(1).extent(1);
    long headDim = x.extent(2);
    Expr cos = operands.get(1).reshape(tokens, 1, half);
    Expr sin = operands.get(2).reshape(tokens, 1, half);
    Expr first = x.slice(2, 0, half);
    Expr second = x.slice(2, half, 2 * half);
    Expr rotatedFirst = first.mul(cos).sub(second.mul(sin));
    Expr rotatedSecond = second.mul(cos).add(first.mul(sin));
    Expr rest = x.slice(2, 2 * half, headDim);
    return Expr.apply(new Copy(2), List.of(rotatedFirst, rotatedSecond, rest));
  }

  /** Rotates back; the gradients of cosines and sines are sums over the heads. */
  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    Expr cos = backward.operand(1);
    Expr sin = backward.operand(2);
    Expr gradient = backward.gradient(0);
    Map<Integer, Expr> gradients = new TreeMap<>();
    if (backward.wants(0)) {
      gradients.put(0, gradient.rope(cos, sin.unary(Unary.Kind.NEG)));
    }
    if (backward.wants(1) || backward.wants(2)) {
      long half = cos.extent(1);
      Expr x = backward.operand(0);
      Expr first = x.slice(2, 0, half);
      Expr second = x.slice(2, half, 2 * half);
      Expr ofFirst = gradient.slice(2, 0, half);
      Expr ofSecond = gradient.slice(2, half, 2 * half);
      Expr ofCos = ofFirst.mul(first).add(ofSecond.mul(second));
      Expr ofSin = ofSecond.mul(first).sub(ofFirst.mul(second));
      gradients.put(1, ofCos.sum(1).reshape(cos.extent(0), half));
      gradients.put(2, ofSin.sum(1).reshape(cos.extent(0), half));
    }
    return gradients;
  }
}
