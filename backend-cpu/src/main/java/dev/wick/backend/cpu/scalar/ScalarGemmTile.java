package dev.wick.backend.cpu.scalar;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Four rows by four columns in plain floats. */
final class ScalarGemmTile implements GemmTile {
  private static final ValueLayout.OfFloat FLOAT = Layouts.FLOAT;

  @Override
  public int columns() {
    return 4;
  }

  @Override
  public void multiply(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      int depth,
      MemorySegment initial,
      long initialOffset,
      long initialRowBytes,
      MemorySegment c,
      long cOffset,
      long cRowBytes) {
    long i0 = initialOffset;
    float c00 = initial.get(FLOAT, i0);
    float c01 = initial.get(FLOAT, i0 + 4);
    float c02 = initial.get(FLOAT, i0 + 8);
    float c03 = initial.get(FLOAT, i0 + 12);
    long i1 = i0 + initialRowBytes;
    float c10 = initial.get(FLOAT, i1);
    float c11 = initial.get(FLOAT, i1 + 4);
    float c12 = initial.get(FLOAT, i1 + 8);
    float c13 = initial.get(FLOAT, i1 + 12);
    long i2 = i1 + initialRowBytes;
    float c20 = initial.get(FLOAT, i2);
    float c21 = initial.get(FLOAT, i2 + 4);
    float c22 = initial.get(FLOAT, i2 + 8);
    float c23 = initial.get(FLOAT, i2 + 12);
    long i3 = i2 + initialRowBytes;
    float c30 = initial.get(FLOAT, i3);
    float c31 = initial.get(FLOAT, i3 + 4);
    float c32 = initial.get(FLOAT, i3 + 8);
    float c33 = initial.get(FLOAT, i3 + 12);
    for (int p = 0; p < depth; p++) {
      long aRow = aOffset + 16L * p;
      long bRow = bOffset + 16L * p;
      float b0 = b.get(FLOAT, bRow);
      float b1 = b.get(FLOAT, bRow + 4);
      float b2 = b.get(FLOAT, bRow + 8);
      float b3 = b.get(FLOAT, bRow + 12);
      float a0 = a.get(FLOAT, aRow);
      c00 += a0 * b0;
      c01 += a0 * b1;
      c02 += a0 * b2;
      c03 += a0 * b3;
      float a1 = a.get(FLOAT, aRow + 4);
      c10 += a1 * b0;
      c11 += a1 * b1;
      c12 += a1 * b2;
      c13 += a1 * b3;
      float a2 = a.get(FLOAT, aRow + 8);
      c20 += a2 * b0;
      c21 += a2 * b1;
      c22 += a2 * b2;
      c23 += a2 * b3;
      float a3 = a.get(FLOAT, aRow + 12);
      c30 += a3 * b0;
      c31 += a3 * b1;
      c32 += a3 * b2;
      c33 += a3 * b3;
    }
    long o0 = cOffset;
    c.set(FLOAT, o0, c00);
    c.set(FLOAT, o0 + 4, c01);
    c.set(FLOAT, o0 + 8, c02);
    c.set(FLOAT, o0 + 12, c03);
    long o1 = o0 + cRowBytes;
    c.set(FLOAT, o1, c10);
    c.set(FLOAT, o1 + 4, c11);
    c.set(FLOAT, o1 + 8, c12);
    c.set(FLOAT, o1 + 12, c13);
    long o2 = o1 + cRowBytes;
    c.set(FLOAT, o2, c20);
    c.set(FLOAT, o2 + 4, c21);
    c.set(FLOAT, o2 + 8, c22);
    c.set(FLOAT, o2 + 12, c23);
    long o3 = o2 + cRowBytes;
    c.set(FLOAT, o3, c30);
    c.set(FLOAT, o3 + 4, c31);
    c.set(FLOAT, o3 + 8, c32);
    c.set(FLOAT, o3 + 12, c33);
  }

  @Override
  public void widenPairs(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      int pairs,
      boolean half) {
    for (int p = 0; p < pairs; p++) {
      for (int j = 0; j < 4; j++) {
        int pair = source.get(Layouts.INT, sourceOffset + 16L * p + 4L * j);
        long at = targetOffset + 32L * p + 4L * j;
        if (half) {
          target.set(FLOAT, at, Float.float16ToFloat((short) pair));
          target.set(FLOAT, at + 16, Float.float16ToFloat((short) (pair >>> 16)));
        } else {
          target.set(Layouts.INT, at, pair << 16);
          target.set(Layouts.INT, at + 16, pair & 0xffff0000);
        }
      }
    }
  }

  @Override
  public void widenRows(
      MemorySegment source,
      DType dtype,
      long sourceOffset,
      long rowBytes,
      MemorySegment target,
      long targetOffset,
      int rows) {
    int bytes = dtype.blockBytes();
    for (int p = 0; p < rows; p++) {
      for (int j = 0; j < columns(); j++) {
        float value =
            Layouts.element(source, dtype, sourceOffset + p * rowBytes + (long) bytes * j);
        target.set(Layouts.FLOAT, targetOffset + 4L * (p * columns() + j), value);
      }
    }
  }
}
