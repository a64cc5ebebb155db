package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Causal grouped-query attention within the sequences of a ragged batch, without a cache, as
 * training needs it (Vaswani et al. 2017, arXiv:1706.03762; GQA: Ainslie et al. 2023,
 * arXiv:2305.13245).
 *
 * <p>Token t attends to the rows {@code first[t] .. t} of the batch, or to the last {@code window}
 * of them. All numbers are expected to be finite. A first row that is not in {@code 0 .. t} is an
 * error in a kernel, and NaN or other rows in the decomposition.
 *
 * <p>Operands: query F32 [tokens, heads, headDim]; key F32 [tokens, kvHeads, headDim]; value F32
 * [tokens, kvHeads, valueDim]; first I32 [tokens], the row where the token's sequence begins.
 * Results: output F32 [tokens, heads, valueDim]; logSumExp F32 [tokens, heads] of the scores, from
 * which the gradient restores the weights.
 *
 * @param scale factor on the scores, usually {@code 1 / sqrt(headDim)}
 * @param window number of rows a token sees, itself included; 0 for all
 */
public record Attention(float scale, int window) implements DifferentiableOp {
  public Attention {
    if (window < 0) {
      throw new IllegalArgumentException(
          "attention: expected a window of at least 0, got " + window);
    }
  }

  @Override
  public String name() {
    return "attention";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 4);
    checkInputs(this, operands);
    Shape query = operands.get(0).shape();
    return List.of(
        operands.get(0).withShape(query.with(2, operands.get(2).shape().extent(2))),
        operands.get(0).withShape(query.without(2)));
  }

  /** Checks query, key, value and first. */
  static void checkInputs(Op op, List<TensorSpec> operands) {
    for (int i = 0; i < 4; i++) {
      Operands.dtype(op, operands, i, i < 3 ? DType.F32 : DType.I32);
      Operands.rank(op, operands, i, i < 3 ? 3 : 1);
    }
    Shape query = operands.get(0).shape();
    Shape key = operands.get(1).shape();
    Operands.check(
        op,
        operands,
        key.without(2).equals(operands.get(2).shape().without(2))
            && key.extent(2) == query.extent(2),
        "key and value of [tokens, kvHeads, ...] with the headDim of the query");
    Operands.check(
        op,
        operands,
        key.extent(0) == query.extent(0) && operands.get(3).shape().extent(0) == query.extent(0),
        "one query, key, value and first row per token");
    Operands.check(
        op,
        operands,
        key.extent(1) > 0 && query.extent(1) % key.extent(1) == 0,
        "query heads in a multiple of the key-value heads");
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr query = operands.get(0);
    long tokens = query.extent(0);
    long heads = query.extent(1);
    long valueDim = operands.get(2).extent(2);
    if (tokens == 0 || heads == 0) {
      Expr zero = query.constant(0);
      return List.of(
          zero.broadcast(Shape.of(tokens, heads, valueDim)).contiguous(),
          zero.broadcast(Shape.of(tokens, heads)).contiguous());
    }
    Expr scores = scores(operands, scale, window);
    Expr output = scores.softmax().matMul(perHead(operands.get(2)));
    return List.of(
        perToken(output, heads), perToken(scores.logSumExp(), heads).reshape(tokens, heads));
  }

  /** Scaled scores [kvHeads, group, tokens, tokens], minus infinity where a token does not look. */
  static Expr scores(List<Expr> operands, float scale, int window) {
    Expr query = operands.get(0);
    long tokens = query.extent(0);
    Expr key = perHead(operands.get(1)); // [kvHeads, 1, tokens, headDim]
    Expr scores = grouped(query, key.extent(0)).matMul(key.transpose(2, 3)).mul(scale);
    Expr column = operands.get(3).range(tokens);
    Expr row = column.reshape(tokens, 1);
    Expr hidden = scores.constant(Double.NEGATIVE_INFINITY);
    scores = column.compare(Compare.Kind.LE, row).select(scores, hidden);
    Expr first = operands.get(3).reshape(tokens, 1);
    scores = column.compare(Compare.Kind.GE, first).select(scores, hidden);
    return window == 0
        ? scores
        : column.compare(Compare.Kind.GT, row.add(-window)).select(scores, hidden);
  }

  /** [tokens, heads, dim] as [kvHeads, group, tokens, dim]. */
  static Expr grouped(Expr x, long kvHeads) {
    return x.reshape(x.extent(0), kvHeads, x.extent(1) / kvHeads, x.extent(2))
        .transpose(0, 1)
        .transpose(1, 2);
  }

  /** [tokens, kvHeads, dim] as [kvHeads, 1, tokens, dim]. */
  static Expr perHead(Expr x) {
    return grouped(x, x.extent(1));
  }

  /** [kvHeads, group, tokens, dim] as [tokens, heads, dim]. */
  static Expr perToken(Expr x, long heads) {
    return x.transpose(1, 2).transpose(0, 1).reshape(x.extent(2), heads, x.extent(3)).contiguous();
  }

  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    List<Expr> gradients =
        Expr.apply(
            new AttentionGradient(scale, window),
            List.of(
                backward.operand(0),
                backward.operand(1),
                backward.operand(2),
                backward.operand(3),
                backward.result(0),
                backward.result(1),
                backward.gradient(0),
                backward.gradient(1)));
    Map<Integer, Expr> wanted = new TreeMap<>();
    for (int i = 0; i < 3; i++) {
      if (backward.wants(i)) {
        wanted.put(i, gradients.get(i));
      }
    }
    return wanted;
  }
}
