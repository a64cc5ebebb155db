package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.ArgReduce;

/** Index of the largest or smallest element along one axis. */
final class ArgReduceKernel implements CpuKernel, Region {
  private static final long CHUNK_ELEMENTS = 32_768;

  private final boolean max;
  private final RowMath math;
  private final HostTensor firsts;
  private final HostTensor result;
  private final int extent;
  private final long stride;
  private final long count;
  private final long perChunk;
  private final int chunks;

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
  }

  @Override
  public void run(Execution execution) {
    execution.run(this, chunks);
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
    float largest = math.max(firsts.segment(), from, extent);
    float bound = Float.isNaN(largest) ? Float.POSITIVE_INFINITY : Math.nextDown(largest);
    int index = math.nextAbove(firsts.segment(), from, 0, extent, bound);
    return index == extent ? 0 : index;
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
