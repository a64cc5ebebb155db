package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Reduce;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Sum, maximum or minimum along one axis. */
final class ReduceKernel implements CpuKernel, Region {
  private static final long CHUNK_ELEMENTS = 16_384;

  private final Reduce.Kind kind;
  private final RowMath math;
  private final MemorySegment x;
  private final MemorySegment y;
  private final RowWalk walk;
  private final int extent;
  private final long stride;
  private final long perChunk;
  private final int chunks;

  ReduceKernel(Reduce op, RowMath math, HostTensor operand, HostTensor result) {
    this.kind = op.kind();
    this.math = math;
    this.x = operand.segment();
    this.y = result.segment();
    this.extent = operand.extent(op.axis());
    this.stride = operand.stride(op.axis());
    HostTensor first = extent == 0 ? result : operand.slice(op.axis(), 0, 1);
    this.walk = new RowWalk(result.shape(), List.of(first, result));
    long perRow = Math.max(1, walk.inner() * Math.max(1, extent));
    perChunk = Math.max(Math.max(1, CHUNK_ELEMENTS / perRow), walk.rows() >> 16);
    chunks = Math.toIntExact((walk.rows() + perChunk - 1) / perChunk);
  }

  @Override
  public void run(Execution execution) {
    execution.run(this, chunks);
  }

  @Override
  public void run(Worker worker, int chunk) {
    int n = Math.toIntExact(walk.inner());
    long end = Math.min(walk.rows(), (chunk + 1) * perChunk);
    for (long row = chunk * perChunk; row < end; row++) {
      long from = walk.offset(0, row);
      long to = walk.offset(1, row);
      if (extent == 0) {
        y.asSlice(to, 4L * n).fill((byte) 0);
      } else if (n > 1 && stride != 4 && walk.innerStride(0) == 4) {
        accumulateRows(from, to, n);
      } else {
        for (int i = 0; i < n; i++) {
          y.set(Layouts.FLOAT, to + 4L * i, one(from + i * walk.innerStride(0)));
        }
      }
    }
  }

  private void accumulateRows(long from, long to, int n) {
    Binary.Kind combine =
        switch (kind) {
          case SUM -> Binary.Kind.ADD;
          case MAX -> Binary.Kind.MAX;
          case MIN -> Binary.Kind.MIN;
        };
    MemorySegment.copy(x, from, y, to, 4L * n);
    for (int i = 1; i < extent; i++) {
      math.binary(combine, y, to, false, x, from + i * stride, false, y, to, n);
    }
  }

  private float one(long from) {
    if (stride == 4 || extent == 1) {
      return switch (kind) {
        case SUM -> math.sum(x, from, extent);
        case MAX -> math.max(x, from, extent);
        case MIN -> math.min(x, from, extent);
      };
    }
    double sum = 0;
    float max = Float.NEGATIVE_INFINITY;
    float min = Float.POSITIVE_INFINITY;
    for (int i = 0; i < extent; i++) {
      float value = x.get(Layouts.FLOAT, from + i * stride);
      sum += value;
      max = Math.max(max, value);
      min = Math.min(min, value);
    }
    return switch (kind) {
      case SUM -> (float) sum;
      case MAX -> max;
      case MIN -> min;
    };
  }
}
