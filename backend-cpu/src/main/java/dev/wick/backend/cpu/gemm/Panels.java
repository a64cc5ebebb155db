package dev.wick.backend.cpu.gemm;

import dev.wick.backend.cpu.loop.Layouts;
import java.lang.foreign.MemorySegment;

/** Rearrangements of small blocks of 32-bit words into the panels that {@code GemmTile} reads. */
public final class Panels {
  private Panels() {}

  /** Interleaves four rows of {@code depth} words into {@code [depth][4]}. */
  public static void interleaveFour(
      MemorySegment source, long from, long rowBytes, int depth, MemorySegment target, long to) {
    long row1 = from + rowBytes;
    long row2 = row1 + rowBytes;
    long row3 = row2 + rowBytes;
    for (int p = 0; p < depth; p++) {
      long at = to + 16L * p;
      target.set(Layouts.INT, at, source.get(Layouts.INT, from + 4L * p));
      target.set(Layouts.INT, at + 4, source.get(Layouts.INT, row1 + 4L * p));
      target.set(Layouts.INT, at + 8, source.get(Layouts.INT, row2 + 4L * p));
      target.set(Layouts.INT, at + 12, source.get(Layouts.INT, row3 + 4L * p));
    }
  }

  /** Copies four neighbouring words of each of {@code depth} rows to {@code [depth][4]}. */
  public static void fourColumns(
      MemorySegment source, long from, long rowBytes, int depth, MemorySegment target, long to) {
    for (int p = 0; p < depth; p++) {
      long row = from + p * rowBytes;
      long at = to + 16L * p;
      target.set(Layouts.LONG, at, source.get(Layouts.LONG, row));
      target.set(Layouts.LONG, at + 8, source.get(Layouts.LONG, row + 8));
    }
  }

  /**
   * Writes two rows of {@code 2 * longs} words as two neighbouring columns.
   *
   * @param a first row
   * @param b second row
   * @param step bytes between rows of the target
   */
  public static void transposeTwo(
      MemorySegment source, long a, long b, int longs, MemorySegment target, long to, long step) {
    for (int p = 0; p < longs; p++) {
      long u = source.get(Layouts.LONG, a + 8L * p);
      long v = source.get(Layouts.LONG, b + 8L * p);
      target.set(Layouts.LONG, to + 2L * p * step, (u & 0xffffffffL) | (v << 32));
      target.set(Layouts.LONG, to + (2L * p + 1) * step, (u >>> 32) | (v & 0xffffffff00000000L));
    }
  }
}
