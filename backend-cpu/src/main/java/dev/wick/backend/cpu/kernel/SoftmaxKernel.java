package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;

/** Softmax of rows. */
final class SoftmaxKernel extends RowsKernel {
  private final RowMath math;
  private final HostTensor x;
  private final HostTensor result;
  private final int n;

  SoftmaxKernel(RowMath math, HostTensor x, HostTensor result) {
    super(x.size() / x.extent(-1), x.extent(-1));
    this.math = math;
    this.x = x;
    this.result = result;
    this.n = x.extent(-1);
  }

  @Override
  void row(long row) {
    long from = x.offset() + 4L * n * row;
    long to = result.offset() + 4L * n * row;
    float max = math.max(x.segment(), from, n);
    float sum = math.exp(x.segment(), from, max, result.segment(), to, n);
    math.scale(result.segment(), to, 1 / sum, result.segment(), to, n);
  }
}
