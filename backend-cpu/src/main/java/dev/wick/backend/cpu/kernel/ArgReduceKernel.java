package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.ArgReduce;

/**
 * Index of the largest or smallest element along one axis. Where long rows are searched for their
 * largest element, all threads look for it.
 */
final class ArgReduceKernel implements CpuKernel, Region {
  private static final long CHUNK_ELEMENTS = 32_768;
  private static final int PIECE = 16_384;

  private final boolean max;
  private final RowMath math;
  private final HostTensor firsts;
  private final HostTensor result;
  private final int extent;
  private final long stride;
  private final long count;
  private final long perChunk;
  private final int chunks;
  private final int pieces;
  private final float[] largest;
  private final Region region = this::findLargest;

  ArgReduceKernel(ArgReduce op, RowMath math, HostTensor operand, HostTensor result) {
    this.max = op.kind() == ArgReduce.Kind.MAX;
    this.math = math;
    this.firsts = operand.slice(op.axis(), 0, 1);
    this.result = result;
    this.extent = operand.extent(op.axis());
    this.stride = operand.stride(op.axis());
    this.count = result.size();
    this.perChunk = Math.max(Math.max(1, CHUNK_ELEMENTS / extent), count >> 16);
    this.chunks = Math.toIntExact((count + perChunk - 1) / perChunk);
    this.pieces = Math.ceilDiv(extent, PIECE);
    boolean inPieces = max && stride == 4 && pieces > 1;
    this.largest = new float[inPieces ? Math.toIntExact(count * pieces) : 0];
  }

  @Override
  public void run(Execution execution) {
    if (largest.length == 0) {
      execution.run(this, chunks);
      return;
    }
    execution.run(region, largest.length);
    for (int i = 0; i < count; i++) {
      result.segment().set(Layouts.INT, result.offset() + 4L * i, ofPieces(i));
    }
  }

  private void findLargest(Worker worker, int chunk) {
    int start = chunk % pieces * PIECE;
    long from = firsts.at(chunk / pieces) + 4L * start;
    largest[chunk] = math.max(firsts.segment(), from, Math.min(PIECE, extent - start));
  }

  /** The first of the largest elements lies in the first piece that has one as large. */
  private int ofPieces(int row) {
    int best = 0;
    for (int i = 1; i < pieces && !Float.isNaN(largest[row * pieces + best]); i++) {
      float value = largest[row * pieces + i];
      if (Float.isNaN(value) || value > largest[row * pieces + best]) {
        best = i;
      }
    }
    int start = best * PIECE;
    int n = Math.min(PIECE, extent - start);
    return start + firstNotBelow(largest[row * pieces + best], firsts.at(row) + 4L * start, n);
  }

  @Override
  public void run(Worker worker, int chunk) {
    long end = Math.min(count, (chunk + 1) * perChunk);
    for (long i = chunk * perChunk; i < end; i++) {
      long from = firsts.at(i);
      int index = max && stride == 4 ? contiguousMax(from) : scan(from);
      result.segment().set(Layouts.INT, result.offset() + 4 * i, index);
    }
  }

  // Two fast passes: the maximum, then the first element that is not below it.
  private int contiguousMax(long from) {
    return firstNotBelow(math.max(firsts.segment(), from, extent), from, extent);
  }

  private int firstNotBelow(float value, long from, int n) {
    float bound = Float.isNaN(value) ? Float.POSITIVE_INFINITY : Math.nextDown(value);
    int index = math.nextAbove(firsts.segment(), from, 0, n, bound);
    return index == n ? 0 : index;
  }

  private int scan(long from) {
    float best = firsts.segment().get(Layouts.FLOAT, from);
    int index = 0;
    for (int i = 1; i < extent && !Float.isNaN(best); i++) {
      float value = firsts.segment().get(Layouts.FLOAT, from + i * stride);
      if (Float.isNaN(value) || (max ? value > best : value < best)) {
        best = value;
        index = i;
      }
    }
    return index;
  }
}
