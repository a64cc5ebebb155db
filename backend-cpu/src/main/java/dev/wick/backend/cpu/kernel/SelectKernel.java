package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** One of two elements, by a BOOL. */
final class SelectKernel extends ElementwiseKernel {
  SelectKernel(HostTensor condition, HostTensor ifTrue, HostTensor ifFalse, HostTensor result) {
    super(
        result,
        List.of(
            condition.broadcast(result.shape()),
            ifTrue.broadcast(result.shape()),
            ifFalse.broadcast(result.shape())),
        true);
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
    long aStep = (fixed & 1) != 0 ? 0 : 1;
    long bStep = (fixed & 2) != 0 ? 0 : 4;
    long cStep = (fixed & 4) != 0 ? 0 : 4;
    for (int i = 0; i < n; i++) {
      boolean first = a.get(ValueLayout.JAVA_BYTE, aOffset + aStep * i) != 0;
      int bits =
          first ? b.get(Layouts.INT, bOffset + bStep * i) : c.get(Layouts.INT, cOffset + cStep * i);
      y.set(Layouts.INT, yOffset + 4L * i, bits);
    }
  }
}
