package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.Unary;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A function of each element. */
final class UnaryKernel extends ElementwiseKernel {
  private final RowMath math;
  private final Unary.Kind kind;

  UnaryKernel(RowMath math, Unary op, HostTensor x, HostTensor result) {
    super(result, List.of(x), false);
    this.math = math;
    this.kind = op.kind();
  }

  @Override
  void apply(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment c,
      long cOffset,
      int fixed,
      MemorySegment y,
      long yOffset,
      int n) {
    math.unary(kind, a, aOffset, y, yOffset, n);
  }
}
