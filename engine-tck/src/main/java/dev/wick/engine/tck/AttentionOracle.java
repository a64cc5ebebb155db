package dev.wick.engine.tck;

import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;

/**
 * Attention by its formula, in F64, one token and head after the other: the decomposition reads the
 * whole table for every token, which is too slow for long contexts, and wants a judge itself.
 */
final class AttentionOracle {
  private final PagedAttention op;
  private final HostTensor query;
  private final HostTensor keys;
  private final HostTensor values;
  private final HostTensor table;
  private final int blockSize;
  private final int kvHeads;
  private final int group;
  private final int headDim;
  private final int valueDim;
  private final int tableWidth;

  private AttentionOracle(
      PagedAttention op, HostTensor query, HostTensor keys, HostTensor values, HostTensor table) {
    this.op = op;
    this.query = query;
    this.keys = keys;
    this.values = values;
    this.table = table;
    Shape cache = keys.spec().shape();
    this.blockSize = Math.toIntExact(cache.extent(1));
    this.kvHeads = Math.toIntExact(cache.extent(2));
    this.group = Math.toIntExact(query.spec().shape().extent(1) / kvHeads);
    this.headDim = Math.toIntExact(cache.extent(3));
    this.valueDim = Math.toIntExact(values.spec().shape().extent(3));
    this.tableWidth = Math.toIntExact(table.spec().shape().extent(1));
  }

  static HostTensor attend(
      PagedAttention op,
      HostTensor query,
      HostTensor keys,
      HostTensor values,
      HostTensor table,
      HostTensor sequence,
      HostTensor position) {
    AttentionOracle oracle = new AttentionOracle(op, query, keys, values, table);
    int tokens = position.size();
    int heads = oracle.kvHeads * oracle.group;
    double[] result = new double[tokens * heads * oracle.valueDim];
    for (int token = 0; token < tokens; token++) {
      for (int head = 0; head < heads; head++) {
        oracle.attend(
            token, head, (int) sequence.number(token), (int) position.number(token), result);
      }
    }
    return HostTensor.of(TensorSpec.of(DType.F32, tokens, heads, oracle.valueDim), i -> result[i]);
  }

  private void attend(int token, int head, int sequence, int position, double[] result) {
    int first = op.window() == 0 ? 0 : Math.max(0, position - op.window() + 1);
    int row = token * kvHeads * group + head;
    double[] weights = new double[position + 1 - first];
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < weights.length; i++) {
      int key = cacheRow(sequence, first + i, head);
      double score = 0;
      for (int channel = 0; channel < headDim; channel++) {
        score += query.number(row * headDim + channel) * keys.number(key * headDim + channel);
      }
      weights[i] = score * op.scale();
      largest = Math.max(largest, weights[i]);
    }
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.exp(weights[i] - largest);
      sum += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      int value = cacheRow(sequence, first + i, head);
      for (int channel = 0; channel < valueDim; channel++) {
        result[row * valueDim + channel] +=
            weights[i] / sum * values.number(value * valueDim + channel);
      }
    }
  }

  /** Row of one position's key-value head, over all blocks. */
  private int cacheRow(int sequence, int position, int head) {
    int block = (int) table.number(sequence * tableWidth + position / blockSize);
    return (block * blockSize + position % blockSize) * kvHeads + head / group;
  }
}
