package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.RmsNorm;

/** Root-mean-square norm of rows. */
final class RmsNormKernel extends RowsKernel {
  private final RowMath math;
  private final float eps;
  private final HostTensor x;
  private final HostTensor weight;
  private final HostTensor result;
  private final int n;

  RmsNormKernel(RmsNorm op, RowMath math, HostTensor x, HostTensor weight, HostTensor result) {
    super(x.extent(-1) == 0 ? 0 : x.size() / x.extent(-1), x.extent(-1));
    this.math = math;
    this.eps = op.eps();
    this.x = x;
    this.weight = weight;
    this.result = result;
    this.n = x.extent(-1);
  }

  @Override
  void row(long row) {
    long shift = 4L * n * row;
    math.rmsNorm(
        x.segment(),
        x.offset() + shift,
        weight.segment(),
        weight.offset(),
        result.segment(),
        result.offset() + shift,
        n,
        eps);
  }
}
