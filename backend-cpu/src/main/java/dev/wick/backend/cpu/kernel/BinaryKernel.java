package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.Binary;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A function of two elements, F32 or I32. */
final class BinaryKernel extends ElementwiseKernel {
  private final RowMath math;
  private final Binary.Kind kind;
  private final boolean integers;

  BinaryKernel(RowMath math, Binary op, HostTensor a, HostTensor b, HostTensor result) {
    super(result, List.of(a.broadcast(result.shape()), b.broadcast(result.shape())), true);
    this.math = math;
    this.kind = op.kind();
    this.integers = result.dtype() == DType.I32;
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
    boolean aFixed = (fixed & 1) != 0;
    boolean bFixed = (fixed & 2) != 0;
    if (!integers) {
      math.binary(kind, a, aOffset, aFixed, b, bOffset, bFixed, y, yOffset, n);
      return;
    }
    long aStep = aFixed ? 0 : 4;
    long bStep = bFixed ? 0 : 4;
    for (int i = 0; i < n; i++) {
      int left = a.get(Layouts.INT, aOffset + aStep * i);
      int right = b.get(Layouts.INT, bOffset + bStep * i);
      y.set(Layouts.INT, yOffset + 4L * i, apply(left, right));
    }
  }

  private int apply(int a, int b) {
    return switch (kind) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> divide(a, b);
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      case POW -> throw new IllegalStateException("pow: expected F32 operands, got I32");
    };
  }

  private static int divide(int a, int b) {
    if (b == 0) {
      throw new IllegalArgumentException("div: expected I32 divisors other than 0, got 0");
    }
    return a / b;
  }
}
