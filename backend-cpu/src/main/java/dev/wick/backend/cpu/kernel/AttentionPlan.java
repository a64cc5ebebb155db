package dev.wick.backend.cpu.kernel;

/** The operands of attention with their extents, and the rules of what a token sees. */
abstract class AttentionPlan {
  final HostTensor query;
  final HostTensor keys;
  final HostTensor values;
  final HostTensor result;
  final int tokens;
  final int heads;
  final int group;
  final int kvHeads;
  final int headDim;
  final int valueDim;
  final int blockSize;
  final int window;
  final float scale;

  AttentionPlan(
      HostTensor query,
      HostTensor keys,
      HostTensor values,
      HostTensor result,
      float scale,
      int window) {
    this.query = query;
    this.keys = keys;
    this.values = values;
    this.result = result;
    this.tokens = query.extent(0);
    this.heads = query.extent(1);
    this.headDim = query.extent(2);
    this.blockSize = keys.extent(1);
    this.kvHeads = keys.extent(2);
    this.group = heads / kvHeads;
    this.valueDim = values.extent(3);
    this.scale = scale;
    this.window = window;
  }

  /** A token's position in its sequence, which is the last that it sees. */
  abstract int position(int token);

  /** A token's sequence. */
  abstract int sequence(int token);

  /** First position that a token sees. */
  abstract int firstVisible(int token);

  /** Number of the block that holds a part of a sequence. */
  abstract int block(int s, int number);

  /** Takes note of the largest score of a token and head, and the sum of what is left of all. */
  void finish(int token, int head, float max, float sum) {}

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
