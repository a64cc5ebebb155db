package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * Attention of single tokens: lanes run along the head, and a block of the cache that has been
 * brought near serves all query heads of its group: one in Q8_0 is expanded into the first-level
 * cache for all of them. Long contexts are split into spans whose partial results are merged
 * afterwards.
 */
final class DecodeAttention {
  /** Cache positions of a span. */
  static final int SPAN = 512;

  private static final int PIECE = 64;

  private final PagedPlan plan;
  private final RowMath math;
  private final BlockRows blocks;
  private final long expandedKeys;
  private final long expandedValues;

  DecodeAttention(PagedPlan plan, InnerLoops loops) {
    this.plan = plan;
    this.math = loops.rows();
    this.blocks = loops.blocks();
    this.expandedKeys = (partial(plan.group) + 63) & -64;
    this.expandedValues = expandedKeys + 4L * PIECE * plan.headDim;
  }

  /** Whether a span of heads of these sizes fits into a worker's scratch. */
  static boolean fits(long headDim, long valueDim, long group) {
    return group * (valueDim + 2) <= Worker.SCRATCH_BYTES / 8
        && PIECE * (headDim + valueDim) <= Worker.SCRATCH_BYTES / 16;
  }

  /** Floats of a partial result of one head: the weighted values, the maximum, the sum. */
  int partialFloats() {
    return plan.valueDim + 2;
  }

  /** Number of spans that a token's visible positions are split into, counted from position 0. */
  static int spans(int position) {
    return position / SPAN + 1;
  }

  /** Computes all of what a token sees for the heads of one key-value head. */
  void whole(Worker worker, int token, int kvHead) {
    int p = plan.position(token);
    MemorySegment scratch = worker.scratch();
    span(scratch, token, kvHead, plan.firstVisible(token), p + 1);
    for (int g = 0; g < plan.group; g++) {
      long partial = partial(g);
      float sum = scratch.get(Layouts.FLOAT, partial + 4L * plan.valueDim + 4);
      long to = plan.result(token, kvHead * plan.group + g);
      math.scale(scratch, partial, 1 / sum, plan.result.segment(), to, plan.valueDim);
    }
  }

  /** Computes one span and leaves the partial results of the group at {@code to}. */
  void part(Worker worker, int token, int kvHead, int number, MemorySegment target, long to) {
    int p = plan.position(token);
    int from = Math.max(plan.firstVisible(token), number * SPAN);
    int end = Math.min(p + 1, (number + 1) * SPAN);
    MemorySegment scratch = worker.scratch();
    span(scratch, token, kvHead, from, end);
    MemorySegment.copy(scratch, partial(0), target, to, 4L * partialFloats() * plan.group);
  }

  /** Merges the partial results of one head, {@code stride} bytes apart, into the result. */
  void merge(MemorySegment parts, long from, long stride, int count, int token, int head) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      max = Math.max(max, parts.get(Layouts.FLOAT, from + i * stride + 4L * plan.valueDim));
    }
    MemorySegment result = plan.result.segment();
    long to = plan.result(token, head);
    Zeros.fill(result, to, 4L * plan.valueDim);
    float sum = 0;
    for (int i = 0; i < count; i++) {
      long part = from + i * stride;
      float partMax = parts.get(Layouts.FLOAT, part + 4L * plan.valueDim);
      if (partMax == Float.NEGATIVE_INFINITY) {
        continue;
      }
      float weight = (float) Math.exp(partMax - max);
      long weightAt = part + 4L * plan.valueDim;
      sum += weight * parts.get(Layouts.FLOAT, weightAt + 4);
      parts.set(Layouts.FLOAT, weightAt, weight);
      math.accumulate(parts, weightAt, parts, part, 0, 1, plan.valueDim, result, to);
    }
    math.scale(result, to, 1 / sum, result, to, plan.valueDim);
  }

  private long partial(int g) {
    return 4L * PIECE + 4L * g * partialFloats();
  }

  private void span(MemorySegment scratch, int token, int kvHead, int from, int end) {
    int dim = plan.valueDim;
    Zeros.fill(scratch, partial(0), 4L * partialFloats() * plan.group);
    for (int g = 0; g < plan.group; g++) {
      scratch.set(Layouts.FLOAT, partial(g) + 4L * dim, Float.NEGATIVE_INFINITY);
    }
    int s = plan.sequence(token);
    int next = from;
    while (next < end) {
      int count = Math.min(Math.min(PIECE, plan.blockSize - next % plan.blockSize), end - next);
      MemorySegment keys = plan.keys.segment();
      long key = plan.key(s, next, kvHead);
      long keyStep = plan.keyStep;
      if (plan.hasPackedKeys()) {
        blocks.widenRows(DType.Q8_0, keys, key, keyStep, count, plan.headDim, scratch, expandedKeys);
        keys = scratch;
        key = expandedKeys;
        keyStep = 4L * plan.headDim;
      }
      MemorySegment values = plan.values.segment();
      long value = plan.value(s, next, kvHead);
      long valueStep = plan.valueStep;
      if (plan.hasPackedValues()) {
        blocks.widenRows(DType.Q8_0, values, value, valueStep, count, dim, scratch, expandedValues);
        values = scratch;
        value = expandedValues;
        valueStep = 4L * dim;
      }
      for (int g = 0; g < plan.group; g++) {
        long query = plan.query(token, kvHead * plan.group + g);
        piece(scratch, partial(g), query, keys, key, keyStep, values, value, valueStep, count);
      }
      next += count;
    }
  }

  /**
   * Online softmax (Milakov and Gimelshein 2018, arXiv:1805.02867) over the positions of one block.
   */
  private void piece(
      MemorySegment scratch,
      long partial,
      long query,
      MemorySegment keys,
      long key,
      long keyStep,
      MemorySegment values,
      long value,
      long valueStep,
      int count) {
    int dim = plan.valueDim;
    math.scores(
        plan.query.segment(),
        query,
        keys,
        key,
        keyStep,
        count,
        plan.headDim,
        plan.scale,
        scratch,
        0);
    float old = scratch.get(Layouts.FLOAT, partial + 4L * dim);
    float max = Math.max(old, math.max(scratch, 0, count));
    if (max == Float.NEGATIVE_INFINITY) {
      return;
    }
    float sum = math.exp(scratch, 0, max, scratch, 0, count);
    if (max != old) {
      float shrink = (float) Math.exp(old - max);
      sum += shrink * scratch.get(Layouts.FLOAT, partial + 4L * dim + 4);
      math.scale(scratch, partial, shrink, scratch, partial, dim);
    } else {
      sum += scratch.get(Layouts.FLOAT, partial + 4L * dim + 4);
    }
    scratch.set(Layouts.FLOAT, partial + 4L * dim, max);
    scratch.set(Layouts.FLOAT, partial + 4L * dim + 4, sum);
    math.accumulate(
        scratch,
        0,
        values,
        value,
        valueStep,
        count,
        dim,
        scratch,
        partial);
  }
}
