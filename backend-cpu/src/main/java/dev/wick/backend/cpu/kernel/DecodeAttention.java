package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;

/**
 * Attention of single tokens: lanes run along the head, and a block of the cache that has been
 * brought near serves all query heads of its group. Long contexts are split into spans whose
 * partial results are merged afterwards.
 */
final class DecodeAttention {
  /** Cache positions of a span. */
  static final int SPAN = 512;

  private static final int PIECE = 64;

  private final PagedPlan plan;
  private final RowMath math;

  DecodeAttention(PagedPlan plan, RowMath math) {
    this.plan = plan;
    this.math = math;
  }

  /** Bytes of a worker's scratch that a span takes. */
  static long scratchBytes(PagedPlan plan) {
    return 4L * PIECE + 4L * plan.group * (plan.valueDim + 2L);
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
      long key = plan.key(s, next, kvHead);
      long value = plan.value(s, next, kvHead);
      for (int g = 0; g < plan.group; g++) {
        piece(scratch, partial(g), plan.query(token, kvHead * plan.group + g), key, value, count);
      }
      next += count;
    }
  }

  /**
   * Online softmax (Milakov and Gimelshein 2018, arXiv:1805.02867) over the positions of one block.
   */
  private void piece(
      MemorySegment scratch, long partial, long query, long key, long value, int count) {
    int dim = plan.valueDim;
    math.scores(
        plan.query.segment(),
        query,
        plan.keys.segment(),
        key,
        plan.keys.stride(1),
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
        plan.values.segment(),
        value,
        plan.values.stride(1),
        count,
        dim,
        scratch,
        partial);
  }
}
