package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Gradient of {@link Attention}, which restores the weights block by block from the log-sum-exp
 * instead of keeping them (FlashAttention-2, Dao 2023, arXiv:2307.08691).
 *
 * <p>Operands: query, key, value and first as {@link Attention} had them; its results output and
 * logSumExp; and the gradients of both, F32 in their shapes. Results: the gradients of query, key
 * and value.
 *
 * @param scale as of the attention
 * @param window as of the attention
 */
public record AttentionGradient(float scale, int window) implements FusedOp {
  public AttentionGradient {
    if (window < 0) {
      throw new IllegalArgumentException(
          "attention_gradient: expected a window of at least 0, got " + window);
    }
  }

  @Override
  public String name() {
    return "attention_gradient";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 8);
    Attention.checkInputs(this, operands);
    List<TensorSpec> results = new Attention(scale, window).infer(operands.subList(0, 4));
    for (int i = 4; i < 8; i++) {
      Operands.dtype(this, operands, i, DType.F32);
      Operands.check(
          this,
          operands,
          operands.get(i).equals(results.get(i % 2)),
          "output, logSumExp and gradients in the shapes of the attention's results");
    }
    return operands.subList(0, 3);
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr query = operands.get(0);
    long tokens = query.extent(0);
    long heads = query.extent(1);
    long kvHeads = operands.get(1).extent(1);
    if (tokens == 0 || heads == 0) {
      return operands.subList(0, 3).stream().map(x -> x.mul(0)).toList();
    }
    Expr logSumExp = column(operands.get(5), kvHeads); // [kvHeads, group, tokens, 1]
    Expr outputGradient = Attention.grouped(operands.get(6), kvHeads);
    Expr weights = Attention.scores(operands, scale, window).sub(logSumExp).unary(Unary.Kind.EXP);
    Expr valueGradient = weights.transpose(2, 3).matMul(outputGradient).sum(1);
    Expr weightGradient = outputGradient.matMul(Attention.perHead(operands.get(2)).transpose(2, 3));
    Expr delta = operands.get(4).mul(operands.get(6)).sum(2).reshape(tokens, heads);
    Expr shift = column(delta.sub(operands.get(7)), kvHeads);
    Expr scoreGradient = weights.mul(weightGradient.sub(shift)).mul(scale);
    Expr queryGradient = scoreGradient.matMul(Attention.perHead(operands.get(1)));
    Expr keyGradient =
        scoreGradient.transpose(2, 3).matMul(Attention.grouped(query, kvHeads)).sum(1);
    return List.of(
        Attention.perToken(queryGradient, heads),
        Attention.perToken(keyGradient, kvHeads),
        Attention.perToken(valueGradient, kvHeads));
  }

  private static Expr column(Expr x, long kvHeads) {
    return Attention.grouped(x.reshape(x.extent(0), x.extent(1), 1), kvHeads);
  }
}
