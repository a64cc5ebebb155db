package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.engine.tensor.BFloat16;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Conversion between F32, F16, BF16, I32 and BOOL, by way of F32 except where both sides are exact
 * in I32.
 */
final class CastKernel extends ElementwiseKernel {
  private final DType from;
  private final DType to;

  CastKernel(HostTensor x, HostTensor result) {
    super(result, List.of(x), false);
    this.from = x.dtype();
    this.to = result.dtype();
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
    if (from == to) {
      MemorySegment.copy(a, aOffset, y, yOffset, from.byteSize(n));
    } else if (from == DType.BF16 && to == DType.F32) {
      for (int i = 0; i < n; i++) {
        y.set(Layouts.INT, yOffset + 4L * i, a.get(Layouts.SHORT, aOffset + 2L * i) << 16);
      }
    } else if (isInteger(from) && isInteger(to)) {
      for (int i = 0; i < n; i++) {
        writeInt(y, yOffset, i, readInt(a, aOffset, i));
      }
    } else {
      for (int i = 0; i < n; i++) {
        write(y, yOffset, i, read(a, aOffset, i));
      }
    }
  }

  private static boolean isInteger(DType dtype) {
    return dtype == DType.I32 || dtype == DType.BOOL;
  }

  private int readInt(MemorySegment a, long offset, int i) {
    return from == DType.I32
        ? a.get(Layouts.INT, offset + 4L * i)
        : a.get(ValueLayout.JAVA_BYTE, offset + i);
  }

  private void writeInt(MemorySegment y, long offset, int i, int value) {
    if (to == DType.I32) {
      y.set(Layouts.INT, offset + 4L * i, value);
    } else {
      y.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (value != 0 ? 1 : 0));
    }
  }

  private float read(MemorySegment a, long offset, int i) {
    return switch (from) {
      case I32 -> a.get(Layouts.INT, offset + 4L * i);
      case BOOL -> a.get(ValueLayout.JAVA_BYTE, offset + i) != 0 ? 1f : 0f;
      default -> Layouts.element(a, from, offset + i * (long) from.blockBytes());
    };
  }

  private void write(MemorySegment y, long offset, int i, float value) {
    switch (to) {
      case F32 -> y.set(Layouts.FLOAT, offset + 4L * i, value);
      case F16 -> y.set(Layouts.SHORT, offset + 2L * i, Float.floatToFloat16(value));
      case BF16 -> y.set(Layouts.SHORT, offset + 2L * i, BFloat16.fromFloat(value));
      case I32 -> y.set(Layouts.INT, offset + 4L * i, (int) value);
      case BOOL -> y.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (value != 0 ? 1 : 0));
      default -> throw new IllegalStateException("cast: expected a plain type, got " + to);
    }
  }
}
