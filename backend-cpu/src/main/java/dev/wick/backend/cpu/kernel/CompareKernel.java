package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.engine.op.Compare;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A relation of two elements, F32 or I32, to BOOL. */
final class CompareKernel extends ElementwiseKernel {
  private final Compare.Kind kind;
  private final boolean integers;

  CompareKernel(Compare op, HostTensor a, HostTensor b, HostTensor result) {
    super(result, List.of(a.broadcast(result.shape()), b.broadcast(result.shape())), true);
    this.kind = op.kind();
    this.integers = a.dtype() == DType.I32;
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
    long aStep = (fixed & 1) != 0 ? 0 : 4;
    long bStep = (fixed & 2) != 0 ? 0 : 4;
    for (int i = 0; i < n; i++) {
      long left = aOffset + aStep * i;
      long right = bOffset + bStep * i;
      boolean holds =
          integers
              ? holds(a.get(Layouts.INT, left), b.get(Layouts.INT, right))
              : holds(a.get(Layouts.FLOAT, left), b.get(Layouts.FLOAT, right));
      y.set(ValueLayout.JAVA_BYTE, yOffset + i, (byte) (holds ? 1 : 0));
    }
  }

  private boolean holds(float a, float b) {
    return switch (kind) {
      case EQ -> a == b;
      case NE -> a != b;
      case LT -> a < b;
      case LE -> a <= b;
      case GT -> a > b;
      case GE -> a >= b;
    };
  }

  private boolean holds(int a, int b) {
    return switch (kind) {
      case EQ -> a == b;
      case NE -> a != b;
      case LT -> a < b;
      case LE -> a <= b;
      case GT -> a > b;
      case GE -> a >= b;
    };
  }
}
