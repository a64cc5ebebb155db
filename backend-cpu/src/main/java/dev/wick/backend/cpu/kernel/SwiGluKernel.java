package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Gate and up to {@code silu(gate) * up}. */
final class SwiGluKernel extends ElementwiseKernel {
  private final RowMath math;

  SwiGluKernel(RowMath math, HostTensor gate, HostTensor up, HostTensor result) {
    super(result, List.of(gate, up), false);
    this.math = math;
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
    math.swiGlu(a, aOffset, b, bOffset, y, yOffset, n);
  }
}
