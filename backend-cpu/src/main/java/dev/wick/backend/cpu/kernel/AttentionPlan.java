package dev.wick.backend.cpu.kernel;

/**
 * The operands of attention with their extents, and the rules of which cache positions a token
 * sees.
 *
 * <p>The integer operands are read and checked when a step runs.
 */
final class AttentionPlan {
  final HostTensor query;
  final HostTensor keys;
  final HostTensor values;
  final HostTensor table;
  final HostTensor sequence;
  final HostTensor position;
  final HostTensor result;
  final int tokens;
  final int heads;
  final int group;
  final int kvHeads;
  final int headDim;
  final int valueDim;
  final int blockSize;
  final int maxBlocks;
  final int window;
  final float scale;

  AttentionPlan(
      HostTensor query,
      HostTensor keys,
      HostTensor values,
      HostTensor table,
      HostTensor sequence,
      HostTensor position,
      HostTensor result,
      float scale,
      int window) {
    this.query = query;
    this.keys = keys;
    this.values = values;
    this.table = table;
    this.sequence = sequence;
    this.position = position;
    this.result = result;
    this.tokens = query.extent(0);
    this.heads = query.extent(1);
    this.headDim = query.extent(2);
    this.blockSize = keys.extent(1);
    this.kvHeads = keys.extent(2);
    this.group = heads / kvHeads;
    this.valueDim = values.extent(3);
    this.maxBlocks = table.extent(1);
    this.scale = scale;
    this.window = window;
  }

  int position(int token) {
    return position.intAt(token);
  }

  int sequence(int token) {
    return sequence.intAt(token);
  }

  /** First cache position that a token at {@code position} sees. */
  int firstVisible(int position) {
    return window > 0 ? Math.max(0, position - window + 1) : 0;
  }

  /** Checks a token's sequence, position and the blocks that hold what it sees. */
  void check(int token) {
    int s = sequence(token);
    int p = position(token);
    Indices.check("paged_attention", "sequences", s, table.shape().extent(0));
    Indices.check("paged_attention", "positions", p, (long) maxBlocks * blockSize);
    for (int b = firstVisible(p) / blockSize; b <= p / blockSize; b++) {
      Indices.check("paged_attention", "blocks", block(s, b), keys.shape().extent(0));
    }
  }

  private int block(int s, int number) {
    return table.intAt((long) s * maxBlocks + number);
  }

  /** Byte offset of the key at a position. */
  long key(int s, int p, int kvHead) {
    return keys.offset()
        + block(s, p / blockSize) * keys.stride(0)
        + p % blockSize * keys.stride(1)
        + kvHead * keys.stride(2);
  }

  /** Byte offset of the value at a position. */
  long value(int s, int p, int kvHead) {
    return values.offset()
        + block(s, p / blockSize) * values.stride(0)
        + p % blockSize * values.stride(1)
        + kvHead * values.stride(2);
  }

  /** Byte offset of a query; queries are contiguous. */
  long query(int token, int head) {
    return query.offset() + 4L * headDim * ((long) token * heads + head);
  }

  /** Byte offset of a result. */
  long result(int token, int head) {
    return result.offset() + 4L * valueDim * ((long) token * heads + head);
  }
}
