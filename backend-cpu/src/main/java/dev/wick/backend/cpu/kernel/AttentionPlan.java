package dev.wick.backend.cpu.kernel;

import dev.wick.engine.tensor.DType;

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

  /** Bytes between the keys of a head at neighbouring positions of a block. */
  final long keyStep;

  /** Bytes between the values of a head at neighbouring positions of a block. */
  final long valueStep;

  private final long keyBlockStep;
  private final long keyHeadStep;
  private final long valueBlockStep;
  private final long valueHeadStep;

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
    this.keyBlockStep = step(keys, 0);
    this.keyStep = step(keys, 1);
    this.keyHeadStep = step(keys, 2);
    this.valueBlockStep = step(values, 0);
    this.valueStep = step(values, 1);
    this.valueHeadStep = step(values, 2);
  }

  /** Bytes between neighbours along an axis, of which quantised types have whole blocks. */
  private static long step(HostTensor cache, int axis) {
    DType dtype = cache.dtype();
    return cache.layout().stride(axis) / dtype.blockElements() * dtype.blockBytes();
  }

  /** Whether keys have to be expanded before they are F32. */
  final boolean hasPackedKeys() {
    return keys.dtype().isQuantized();
  }

  /** Whether values have to be expanded before they are F32. */
  final boolean hasPackedValues() {
    return values.dtype().isQuantized();
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
        + block(s, p / blockSize) * keyBlockStep
        + p % blockSize * keyStep
        + kvHead * keyHeadStep;
  }

  /** Byte offset of the value at a position. */
  long value(int s, int p, int kvHead) {
    return values.offset()
        + block(s, p / blockSize) * valueBlockStep
        + p % blockSize * valueStep
        + kvHead * valueHeadStep;
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
