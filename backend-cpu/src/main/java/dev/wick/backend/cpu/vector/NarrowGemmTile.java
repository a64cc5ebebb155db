package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Four rows by two vectors: 11 registers, for machines with 16 of them (AVX2, SSE). */
public final class NarrowGemmTile implements GemmTile {
  private static final int COLUMNS = 2 * COUNT;

  @Override
  public int columns() {
    return COLUMNS;
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
    FloatVector c00 = FloatVector.fromMemorySegment(F, initial, i0, LE);
    FloatVector c01 = FloatVector.fromMemorySegment(F, initial, i0 + BYTES, LE);
    long i1 = i0 + initialRowBytes;
    FloatVector c10 = FloatVector.fromMemorySegment(F, initial, i1, LE);
    FloatVector c11 = FloatVector.fromMemorySegment(F, initial, i1 + BYTES, LE);
    long i2 = i1 + initialRowBytes;
    FloatVector c20 = FloatVector.fromMemorySegment(F, initial, i2, LE);
    FloatVector c21 = FloatVector.fromMemorySegment(F, initial, i2 + BYTES, LE);
    long i3 = i2 + initialRowBytes;
    FloatVector c30 = FloatVector.fromMemorySegment(F, initial, i3, LE);
    FloatVector c31 = FloatVector.fromMemorySegment(F, initial, i3 + BYTES, LE);
    for (int p = 0; p < depth; p++) {
      long bRow = bOffset + 4L * COLUMNS * p;
      long aRow = aOffset + 16L * p;
      FloatVector b0 = FloatVector.fromMemorySegment(F, b, bRow, LE);
      FloatVector b1 = FloatVector.fromMemorySegment(F, b, bRow + BYTES, LE);
      FloatVector a0 = FloatVector.broadcast(F, a.get(FLOAT, aRow));
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(F, a.get(FLOAT, aRow + 4));
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(F, a.get(FLOAT, aRow + 8));
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(F, a.get(FLOAT, aRow + 12));
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    long o0 = cOffset;
    c00.intoMemorySegment(c, o0, LE);
    c01.intoMemorySegment(c, o0 + BYTES, LE);
    long o1 = o0 + cRowBytes;
    c10.intoMemorySegment(c, o1, LE);
    c11.intoMemorySegment(c, o1 + BYTES, LE);
    long o2 = o1 + cRowBytes;
    c20.intoMemorySegment(c, o2, LE);
    c21.intoMemorySegment(c, o2 + BYTES, LE);
    long o3 = o2 + cRowBytes;
    c30.intoMemorySegment(c, o3, LE);
    c31.intoMemorySegment(c, o3 + BYTES, LE);
  }

  @Override
  public void widenPairs(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      int pairs,
      boolean half) {
    if (half) {
      Widening.f16Pairs(source, sourceOffset, target, targetOffset, pairs, COLUMNS);
    } else {
      Widening.bf16Pairs(source, sourceOffset, target, targetOffset, pairs, COLUMNS);
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
    Widening.rows(source, dtype, sourceOffset, rowBytes, target, targetOffset, rows, COLUMNS);
  }
}
