package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * Dot products of rows of blocks: with one vector by {@link BlockDotCode}, with several of rows
 * that are expanded first, so that each is expanded once.
 */
final class EmittedBlockDot implements RowDot {
  private final DType dtype;
  private final NativeKernel kernel;
  private final MemorySegment tables;
  private final RowDot widened;

  /**
   * @param tables {@link BlockTables}
   * @param widened products with plain vectors of the same bits
   */
  EmittedBlockDot(DType dtype, NativeKernel kernel, MemorySegment tables, RowDot widened) {
    this.dtype = dtype;
    this.kernel = kernel;
    this.tables = tables;
    this.widened = widened;
  }

  @Override
  public long scratchBytes(int n) {
    return widened.scratchBytes(n);
  }

  @Override
  public int maxVectors() {
    return widened.maxVectors();
  }

  @Override
  public boolean readsPlain() {
    return widened.readsPlain();
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    widened.prepare(x, xOffset, n, prepared, preparedOffset);
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
    int blocks = n / dtype.blockElements();
    if (rows <= 0 || blocks == 0) {
      widened.one(w, wOffset, wRowBytes, rows, n, x, xOffset, y, yOffset, scratch, scratchOffset);
      return;
    }
    long from = Addresses.readable(w, wOffset, Addresses.span(rows, wRowBytes, dtype.byteSize(n)));
    long vector = Addresses.readable(x, xOffset, 4L * n);
    long to = Addresses.writable(y, yOffset, 4L * rows);
    kernel.call(w, from, wRowBytes, blocks, vector, tables.address(), rows, to, 0, 0, 0, 0);
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
    if (vectors == 1) {
      one(w, wOffset, wRowBytes, rows, n, x, xOffset, y, yOffset, scratch, scratchOffset);
      return;
    }
    widened.few(
        w,
        wOffset,
        wRowBytes,
        rows,
        n,
        vectors,
        x,
        xOffset,
        xRowBytes,
        y,
        yOffset,
        yRowBytes,
        scratch,
        scratchOffset);
  }

  @Override
  public boolean isFewReady() {
    return widened.isFewReady();
  }
}
