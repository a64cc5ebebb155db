package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;

import dev.wick.backend.cpu.loop.RowDot;
import java.lang.foreign.MemorySegment;

/**
 * Dot products of rows in two passes over a few rows at a time: the sums of each lane, then the sum
 * of the lanes. The second is spelled out, since the order in which {@code reduceLanes} adds
 * differs between interpreted and compiled code, and a model must not change its mind when it
 * becomes warm.
 */
abstract class VectorDot implements RowDot {
  private static final int FEW = 4;
  private static final int VECTORS = (int) (SCRATCH_BYTES / BYTES);

  private final int elementBytes;
  private final float resultScale;
  private volatile boolean fewReady = true;

  VectorDot(int elementBytes, float resultScale) {
    this.elementBytes = elementBytes;
    this.resultScale = resultScale;
  }

  /** Stores the sums of each lane, a vector per row, over the first {@code main} elements. */
  abstract void lanes(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int main,
      MemorySegment x,
      long xOffset,
      MemorySegment sums,
      long sumsOffset);

  /** Stores the sums of each lane, four vectors per row, over the first {@code main} elements. */
  abstract void lanesOfFour(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int main,
      MemorySegment x,
      long x0,
      long x1,
      long x2,
      long x3,
      MemorySegment sums,
      long sumsOffset);

  /**
   * An element of a row, as the loops read it: the product with a prepared element is in the scale
   * of their sums.
   */
  abstract float element(MemorySegment w, long offset);

  @Override
  public final void one(
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
    int main = n - n % (2 * COUNT);
    for (int start = 0; start < rows; start += VECTORS) {
      int count = Math.min(VECTORS, rows - start);
      long from = wOffset + start * wRowBytes;
      lanes(w, from, wRowBytes, count, main, x, xOffset, scratch, scratchOffset);
      for (int r = 0; r < count && main < n; r++) {
        addTail(w, from + r * wRowBytes, main, n, x, xOffset, scratch, scratchOffset + r * BYTES);
      }
      LaneSums.store(scratch, scratchOffset, BYTES, count, resultScale, y, yOffset + 4L * start);
    }
  }

  @Override
  public final void few(
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
    int main = n - n % (2 * COUNT);
    // Absent vectors repeat the last one: their sums are thrown away.
    long x1 = xOffset + Math.min(1, vectors - 1) * xRowBytes;
    long x2 = xOffset + Math.min(2, vectors - 1) * xRowBytes;
    long x3 = xOffset + Math.min(3, vectors - 1) * xRowBytes;
    for (int start = 0; start < rows; start += VECTORS / FEW) {
      int count = Math.min(VECTORS / FEW, rows - start);
      long from = wOffset + start * wRowBytes;
      lanesOfFour(w, from, wRowBytes, count, main, x, xOffset, x1, x2, x3, scratch, scratchOffset);
      for (int i = 0; i < vectors; i++) {
        long sums = scratchOffset + i * BYTES;
        for (int r = 0; r < count && main < n; r++) {
          long row = from + r * wRowBytes;
          addTail(
              w, row, main, n, x, xOffset + i * xRowBytes, scratch, sums + (long) r * FEW * BYTES);
        }
        long to = yOffset + i * yRowBytes + 4L * start;
        LaneSums.store(scratch, sums, FEW * BYTES, count, resultScale, y, to);
      }
    }
  }

  @Override
  public final boolean isFewReady() {
    return fewReady;
  }

  @Override
  public final void fewReady(boolean ready) {
    fewReady = ready;
  }

  /** Adds the elements that do not fill a vector to the first lane. */
  private void addTail(
      MemorySegment w,
      long row,
      int main,
      int n,
      MemorySegment x,
      long xOffset,
      MemorySegment sums,
      long sumsOffset) {
    float sum = sums.get(FLOAT, sumsOffset);
    for (int k = main; k < n; k++) {
      sum += element(w, row + (long) elementBytes * k) * x.get(FLOAT, xOffset + 4L * k);
    }
    sums.set(FLOAT, sumsOffset, sum);
  }
}
