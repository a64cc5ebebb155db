package dev.wick.backend.cpu.loop;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Dot products of rows of blocks that are expanded in the first-level cache. */
final class WidenedDot implements RowDot {
  private static final long ROWS_BYTES = 1 << 15;

  private final BlockRows blocks;
  private final DType dtype;
  private final RowDot f32;

  WidenedDot(BlockRows blocks, DType dtype, RowDot f32) {
    this.blocks = blocks;
    this.dtype = dtype;
    this.f32 = f32;
  }

  @Override
  public long scratchBytes(int n) {
    return SCRATCH_BYTES + Math.max(ROWS_BYTES, 4L * n);
  }

  @Override
  public int maxVectors() {
    return f32.maxVectors();
  }

  @Override
  public boolean readsPlain() {
    return f32.readsPlain();
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    f32.prepare(x, xOffset, n, prepared, preparedOffset);
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
    long at = scratchOffset + SCRATCH_BYTES;
    int step = step(n);
    for (int r = 0; r < rows; r += step) {
      int count = Math.min(step, rows - r);
      widen(w, wOffset + r * wRowBytes, wRowBytes, count, n, scratch, at);
      long to = yOffset + 4L * r;
      f32.one(scratch, at, 4L * n, count, n, x, xOffset, y, to, scratch, scratchOffset);
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
    long at = scratchOffset + SCRATCH_BYTES;
    int step = step(n);
    for (int r = 0; r < rows; r += step) {
      int count = Math.min(step, rows - r);
      widen(w, wOffset + r * wRowBytes, wRowBytes, count, n, scratch, at);
      f32.few(
          scratch,
          at,
          4L * n,
          count,
          n,
          vectors,
          x,
          xOffset,
          xRowBytes,
          y,
          yOffset + 4L * r,
          yRowBytes,
          scratch,
          scratchOffset);
    }
  }

  private static int step(int n) {
    return (int) Math.max(1, ROWS_BYTES / (4L * n));
  }

  private void widen(
      MemorySegment w, long from, long rowBytes, int rows, int n, MemorySegment scratch, long at) {
    if (rowBytes == dtype.byteSize(n)) {
      blocks.widen(dtype, w, from, rows * n, scratch, at);
    } else {
      blocks.widenRows(dtype, w, from, rowBytes, rows, n, scratch, at);
    }
  }

  @Override
  public boolean isFewReady() {
    return f32.isFewReady();
  }
}
