package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;

/** Logarithm of the sum of exponentials of rows. */
final class LogSumExpKernel extends RowsKernel {
  private final RowMath math;
  private final HostTensor x;
  private final HostTensor result;
  private final int n;

  LogSumExpKernel(RowMath math, HostTensor x, HostTensor result) {
    super(x.size() / x.extent(-1), x.extent(-1));
    this.math = math;
    this.x = x;
    this.result = result;
    this.n = x.extent(-1);
  }

  @Override
  void row(long row) {
    long from = x.offset() + 4L * n * row;
    float max = math.max(x.segment(), from, n);
    float value = (float) (Math.log(math.sumExp(x.segment(), from, max, n)) + max);
    result.segment().set(Layouts.FLOAT, result.offset() + 4 * row, value);
  }
}
