package dev.wick.backend.cpu.gemm;

import dev.wick.backend.cpu.loop.Layouts;
import java.lang.foreign.MemorySegment;

/** Rearrangements of small blocks of 32-bit words into the panels that {@code GemmTile} reads. */
public final class Panels {
  private static final long LOW = 0xffffffffL;
  private static final long HIGH = ~LOW;

  private Panels() {}

  /** Interleaves four rows of {@code depth} words into {@code [depth][4]}. */
  public static void interleaveFour(
      MemorySegment source, long from, long rowBytes, int depth, MemorySegment target, long to) {
    long row1 = from + rowBytes;
    long row2 = row1 + rowBytes;
    long row3 = row2 + rowBytes;
    for (int p = 0; p < depth / 2; p++) {
      long at = to + 32L * p;
      long a = source.get(Layouts.LONG, from + 8L * p);
      long b = source.get(Layouts.LONG, row1 + 8L * p);
      long c = source.get(Layouts.LONG, row2 + 8L * p);
      long d = source.get(Layouts.LONG, row3 + 8L * p);
      target.set(Layouts.LONG, at, (a & LOW) | (b << 32));
      target.set(Layouts.LONG, at + 8, (c & LOW) | (d << 32));
      target.set(Layouts.LONG, at + 16, (a >>> 32) | (b & HIGH));
      target.set(Layouts.LONG, at + 24, (c >>> 32) | (d & HIGH));
    }
    if (depth % 2 != 0) {
      long last = 4L * (depth - 1);
      long at = to + 4 * last;
      target.set(Layouts.INT, at, source.get(Layouts.INT, from + last));
      target.set(Layouts.INT, at + 4, source.get(Layouts.INT, row1 + last));
      target.set(Layouts.INT, at + 8, source.get(Layouts.INT, row2 + last));
      target.set(Layouts.INT, at + 12, source.get(Layouts.INT, row3 + last));
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
      target.set(Layouts.LONG, to + 2L * p * step, (u & LOW) | (v << 32));
      target.set(Layouts.LONG, to + (2L * p + 1) * step, (u >>> 32) | (v & HIGH));
    }
  }
}
