package dev.wick.backend.cpu.scalar;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Dot products of rows, one element at a time, with four sums so that additions overlap. */
final class ScalarDot implements RowDot {
  private final DType dtype;

  ScalarDot(DType dtype) {
    this.dtype = dtype;
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    MemorySegment.copy(x, xOffset, prepared, preparedOffset, 4L * n);
  }

  @Override
  public void one(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int n,
      MemorySegment x,
      long xOffset,
      MemorySegment y,
      long yOffset,
      MemorySegment scratch,
      long scratchOffset) {
    for (int r = 0; r < rows; r++) {
      y.set(Layouts.FLOAT, yOffset + 4L * r, row(w, wOffset + r * wRowBytes, n, x, xOffset));
    }
  }

  @Override
  public void few(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int n,
      int vectors,
      MemorySegment x,
      long xOffset,
      long xRowBytes,
      MemorySegment y,
      long yOffset,
      long yRowBytes,
      MemorySegment scratch,
      long scratchOffset) {
    for (int r = 0; r < rows; r++) {
      long row = wOffset + r * wRowBytes;
      for (int i = 0; i < vectors; i++) {
        float sum = row(w, row, n, x, xOffset + i * xRowBytes);
        y.set(Layouts.FLOAT, yOffset + i * yRowBytes + 4L * r, sum);
      }
    }
  }

  private float row(MemorySegment w, long row, int n, MemorySegment x, long xOffset) {
    int main = n & -4;
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    switch (dtype) {
      case F32 -> {
        for (int k = 0; k < main; k += 4) {
          long at = row + 4L * k;
          long xAt = xOffset + 4L * k;
          a += w.get(Layouts.FLOAT, at) * x.get(Layouts.FLOAT, xAt);
          b += w.get(Layouts.FLOAT, at + 4) * x.get(Layouts.FLOAT, xAt + 4);
          c += w.get(Layouts.FLOAT, at + 8) * x.get(Layouts.FLOAT, xAt + 8);
          d += w.get(Layouts.FLOAT, at + 12) * x.get(Layouts.FLOAT, xAt + 12);
        }
      }
      case BF16 -> {
        for (int k = 0; k < main; k += 4) {
          long four = w.get(Layouts.LONG, row + 2L * k);
          long xAt = xOffset + 4L * k;
          a += Float.intBitsToFloat((int) four << 16) * x.get(Layouts.FLOAT, xAt);
          b += Float.intBitsToFloat((int) four & 0xffff0000) * x.get(Layouts.FLOAT, xAt + 4);
          c += Float.intBitsToFloat((int) (four >>> 32) << 16) * x.get(Layouts.FLOAT, xAt + 8);
          d +=
              Float.intBitsToFloat((int) (four >>> 32) & 0xffff0000)
                  * x.get(Layouts.FLOAT, xAt + 12);
        }
      }
      default -> {
        for (int k = 0; k < main; k += 4) {
          long four = w.get(Layouts.LONG, row + 2L * k);
          long xAt = xOffset + 4L * k;
          a += Float.float16ToFloat((short) four) * x.get(Layouts.FLOAT, xAt);
          b += Float.float16ToFloat((short) (four >>> 16)) * x.get(Layouts.FLOAT, xAt + 4);
          c += Float.float16ToFloat((short) (four >>> 32)) * x.get(Layouts.FLOAT, xAt + 8);
          d += Float.float16ToFloat((short) (four >>> 48)) * x.get(Layouts.FLOAT, xAt + 12);
        }
      }
    }
    float sum = (a + b) + (c + d);
    for (int k = main; k < n; k++) {
      sum +=
          Layouts.element(w, dtype, row + k * (long) dtype.blockBytes())
              * x.get(Layouts.FLOAT, xOffset + 4L * k);
    }
    return sum;
  }
}
