package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;

/**
 * Attention of single tokens: lanes run along the head, and a piece of the cache that has been
 * brought near serves all query heads of its group. A piece is as many positions as fit into the
 * first-level cache; of a cache in Q8_0, once they are expanded. Long contexts are split into spans
 * whose partial results are merged afterwards.
 */
final class DecodeAttention {
  /** Cache positions of a span. */
  static final int SPAN = 512;

  private static final int PIECE = 128;
  private static final int PIECE_BYTES = 1 << 15;

  private final PagedPlan plan;
  private final RowMath math;
  private final BlockRows blocks;
  private final int pieceRows;
  private final long expandedAt;

  DecodeAttention(PagedPlan plan, InnerLoops loops) {
    this.plan = plan;
    this.math = loops.rows();
    this.blocks = loops.blocks();
    this.pieceRows = pieceRows(plan.headDim, plan.valueDim);
    this.expandedAt = (partial(plan.group) + 63) & -64;
  }

  private static int pieceRows(long headDim, long valueDim) {
    return Math.clamp(PIECE_BYTES / (4 * Math.max(headDim, valueDim)), 16, PIECE);
  }

  /** Whether a span of heads of these sizes fits into a worker's scratch. */
  static boolean fits(long headDim, long valueDim, long group, boolean packed) {
    long expanded = packed ? 4 * PIECE * Math.max(headDim, valueDim) : 0;
    return 4 * group * (valueDim + 2 + PIECE) <= Worker.SCRATCH_BYTES / 2
        && expanded <= Worker.SCRATCH_BYTES / 4;
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

  private long weights(int g) {
    return 4L * g * PIECE;
  }

  private long partial(int g) {
    return weights(plan.group) + 4L * g * partialFloats();
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
      int count = Math.min(pieceRows, end - next);
      weigh(scratch, token, kvHead, s, next, count);
      add(scratch, kvHead, s, next, count);
      next += count;
    }
  }

  /** Turns the scores of some positions into weights, for all heads of a group. */
  private void weigh(MemorySegment scratch, int token, int kvHead, int s, int from, int count) {
    if (plan.hasPackedKeys()) {
      for (int i = 0; i < count; i += inBlock(from + i, count - i)) {
        long at = plan.key(s, from + i, kvHead);
        expand(plan.keys, at, plan.keyStep, inBlock(from + i, count - i), plan.headDim, scratch, i);
      }
    }
    for (int g = 0; g < plan.group; g++) {
      long query = plan.query(token, kvHead * plan.group + g);
      if (plan.hasPackedKeys()) {
        scores(query, scratch, expandedAt, 4L * plan.headDim, count, scratch, weights(g));
      } else {
        for (int i = 0; i < count; i += inBlock(from + i, count - i)) {
          long key = plan.key(s, from + i, kvHead);
          int rows = inBlock(from + i, count - i);
          long to = weights(g) + 4L * i;
          scores(query, plan.keys.segment(), key, plan.keyStep, rows, scratch, to);
        }
      }
      softmax(scratch, weights(g), partial(g), count);
    }
  }

  private void scores(
      long query,
      MemorySegment keys,
      long key,
      long step,
      int count,
      MemorySegment scratch,
      long to) {
    MemorySegment queries = plan.query.segment();
    int dim = plan.headDim;
    math.scores(queries, query, keys, key, step, count, dim, plan.scale, scratch, to);
  }

  /**
   * Online softmax (Milakov and Gimelshein 2018, arXiv:1805.02867) over the positions of one piece.
   */
  private void softmax(MemorySegment scratch, long weights, long partial, int count) {
    int dim = plan.valueDim;
    float old = scratch.get(Layouts.FLOAT, partial + 4L * dim);
    float max = Math.max(old, math.max(scratch, weights, count));
    if (max == Float.NEGATIVE_INFINITY) {
      Zeros.fill(scratch, weights, 4L * count);
      return;
    }
    float sum = math.exp(scratch, weights, max, scratch, weights, count);
    if (max != old && old != Float.NEGATIVE_INFINITY) {
      float shrink = (float) Math.exp(old - max);
      sum += shrink * scratch.get(Layouts.FLOAT, partial + 4L * dim + 4);
      math.scale(scratch, partial, shrink, scratch, partial, dim);
    } else {
      sum += scratch.get(Layouts.FLOAT, partial + 4L * dim + 4);
    }
    scratch.set(Layouts.FLOAT, partial + 4L * dim, max);
    scratch.set(Layouts.FLOAT, partial + 4L * dim + 4, sum);
  }

  /** Adds the weighted values of some positions, for all heads of a group. */
  private void add(MemorySegment scratch, int kvHead, int s, int from, int count) {
    int dim = plan.valueDim;
    if (plan.hasPackedValues()) {
      for (int i = 0; i < count; i += inBlock(from + i, count - i)) {
        long at = plan.value(s, from + i, kvHead);
        expand(plan.values, at, plan.valueStep, inBlock(from + i, count - i), dim, scratch, i);
      }
    }
    for (int g = 0; g < plan.group; g++) {
      if (plan.hasPackedValues()) {
        math.accumulate(
            scratch, weights(g), scratch, expandedAt, 4L * dim, count, dim, scratch, partial(g));
        continue;
      }
      for (int i = 0; i < count; i += inBlock(from + i, count - i)) {
        math.accumulate(
            scratch,
            weights(g) + 4L * i,
            plan.values.segment(),
            plan.value(s, from + i, kvHead),
            plan.valueStep,
            inBlock(from + i, count - i),
            dim,
            scratch,
            partial(g));
      }
    }
  }

  /** How many of some positions lie in the block of the first. */
  private int inBlock(int position, int count) {
    return Math.min(plan.blockSize - position % plan.blockSize, count);
  }

  /** Expands rows of a block of the cache to a row of the scratch. */
  private void expand(
      HostTensor cache, long at, long step, int rows, int dim, MemorySegment scratch, int row) {
    long to = expandedAt + 4L * row * dim;
    blocks.widenRows(cache.dtype(), cache.segment(), at, step, rows, dim, scratch, to);
  }
}
