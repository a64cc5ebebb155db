package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Causal grouped-query attention of a ragged batch over a paged key-value cache (Vaswani et al.
 * 2017, arXiv:1706.03762; GQA: Ainslie et al. 2023, arXiv:2305.13245; paging: Kwon et al. 2023,
 * arXiv:2309.06180).
 *
 * <p>Token t attends to the cache positions {@code 0 .. position[t]} of sequence {@code
 * sequence[t]}, or to the last {@code window} of them; the step's own keys and values are in the
 * cache already. Position p of sequence s lies in block {@code blockTable[s, p / blockSize]} at
 * {@code p % blockSize}; entries beyond a sequence's last position may name any block that there
 * is. What the cache holds at positions that no token sees has no influence, not even NaN.
 *
 * <p>Operands: query F32 [tokens, heads, headDim]; keys F32 or Q8_0 [blocks, blockSize, kvHeads,
 * headDim]; values F32 or Q8_0 [blocks, blockSize, kvHeads, valueDim]; blockTable I32 [sequences,
 * maxBlocks]; sequence I32 [tokens]; position I32 [tokens]. Result: F32 [tokens, heads, valueDim].
 * What is in Q8_0 is contiguous, and a head is whole blocks.
 *
 * @param scale factor on the scores, usually {@code 1 / sqrt(headDim)}
 * @param window number of positions a token sees, itself included; 0 for all
 */
public record PagedAttention(float scale, int window) implements FusedOp {
  public PagedAttention {
    if (window < 0) {
      throw new IllegalArgumentException(
          "paged_attention: expected a window of at least 0, got " + window);
    }
  }

  @Override
  public String name() {
    return "paged_attention";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 6);
    for (int i = 0; i < 6; i++) {
      if (i == 1 || i == 2) {
        checkCache(operands, i);
      } else {
        Operands.dtype(this, operands, i, i == 0 ? DType.F32 : DType.I32);
      }
      Operands.rank(this, operands, i, i == 0 ? 3 : i < 3 ? 4 : i == 3 ? 2 : 1);
    }
    Shape query = operands.get(0).shape();
    Shape keys = operands.get(1).shape();
    Shape values = operands.get(2).shape();
    Operands.check(
        this,
        operands,
        keys.without(-1).equals(values.without(-1)) && keys.extent(3) == query.extent(2),
        "keys and values of [blocks, blockSize, kvHeads, ...] with the headDim of the query");
    Operands.check(
        this,
        operands,
        keys.extent(2) > 0 && query.extent(1) % keys.extent(2) == 0,
        "query heads in a multiple of the key-value heads");
    Operands.check(
        this,
        operands,
        operands.get(4).shape().extent(0) == query.extent(0)
            && operands.get(5).shape().extent(0) == query.extent(0),
        "one sequence and one position per token");
    return List.of(operands.get(0).withShape(query.with(2, values.extent(3))));
  }

  private void checkCache(List<TensorSpec> operands, int index) {
    TensorSpec cache = operands.get(index);
    Operands.check(
        this,
        operands,
        cache.dtype() == DType.F32 || (cache.dtype() == DType.Q8_0 && Operands.isBlocked(cache)),
        "operand %d in F32, or in Q8_0 with heads of whole blocks".formatted(index));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr query = operands.get(0);
    Expr keys = operands.get(1);
    Expr values = operands.get(2);
    Expr position = operands.get(5);
    long tokens = query.extent(0);
    long heads = query.extent(1);
    long headDim = query.extent(2);
    long kvHeads = keys.extent(2);
    long valueDim = values.extent(3);
    Expr blocks = operands.get(3).gather(operands.get(4)); // [tokens, maxBlocks]
    long context = blocks.extent(1) * keys.extent(1);
    Expr k = rows(keys, blocks).reshape(tokens, context, kvHeads, headDim).transpose(1, 2);
    Expr v = rows(values, blocks).reshape(tokens, context, kvHeads, valueDim).transpose(1, 2);
    Expr q = query.reshape(tokens, kvHeads, heads / kvHeads, headDim);
    Expr scores = q.matMul(k.transpose(2, 3)).mul(scale); // [tokens, kvHeads, group, context]
    Expr index = position.range(context);
    Expr last = position.reshape(tokens, 1, 1, 1);
    Expr hidden = scores.constant(Double.NEGATIVE_INFINITY);
    Expr nothing = v.constant(0);
    Expr past = index.compare(Compare.Kind.LE, last); // [tokens, 1, 1, context]
    scores = past.select(scores, hidden);
    v = past.reshape(tokens, 1, context, 1).select(v, nothing); // 0 * NaN is NaN
    if (window > 0) {
      Expr near = index.compare(Compare.Kind.GT, last.add(-window));
      scores = near.select(scores, hidden);
      v = near.reshape(tokens, 1, context, 1).select(v, nothing);
    }
    return List.of(scores.softmax().matMul(v).reshape(tokens, heads, valueDim));
  }

  /** Expanded only where tokens look. */
  private static Expr rows(Expr cache, Expr blocks) {
    return cache.gather(blocks).cast(DType.F32);
  }
}
