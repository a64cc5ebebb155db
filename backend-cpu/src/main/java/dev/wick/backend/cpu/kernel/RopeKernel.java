package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;
import java.lang.foreign.MemorySegment;

/** Rotary position embedding, half-split. */
final class RopeKernel extends RowsKernel {
  private final RowMath math;
  private final HostTensor x;
  private final HostTensor cos;
  private final HostTensor sin;
  private final HostTensor result;
  private final int heads;
  private final int headDim;
  private final int half;

  RopeKernel(RowMath math, HostTensor x, HostTensor cos, HostTensor sin, HostTensor result) {
    super(x.size() == 0 ? 0 : x.extent(0), (long) x.extent(1) * x.extent(2));
    this.math = math;
    this.x = x;
    this.cos = cos;
    this.sin = sin;
    this.result = result;
    this.heads = x.extent(1);
    this.headDim = x.extent(2);
    this.half = cos.extent(1);
  }

  @Override
  void row(long token) {
    long cosAt = cos.offset() + 4L * half * token;
    long sinAt = sin.offset() + 4L * half * token;
    for (int head = 0; head < heads; head++) {
      long shift = 4L * headDim * (token * heads + head);
      long from = x.offset() + shift;
      long to = result.offset() + shift;
      math.rotate(
          x.segment(),
          from,
          cos.segment(),
          cosAt,
          sin.segment(),
          sinAt,
          result.segment(),
          to,
          half);
      if (2 * half < headDim) {
        MemorySegment.copy(
            x.segment(),
            from + 8L * half,
            result.segment(),
            to + 8L * half,
            4L * (headDim - 2 * half));
      }
    }
  }
}
