package dev.wick.backend.cpu.gemm;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.Layouts;
import java.lang.foreign.MemorySegment;

/**
 * The left operand {@code [m, k]}, F32, of a product.
 *
 * @param offset bytes to element (0, 0)
 * @param rowBytes bytes between rows
 * @param columnBytes bytes between columns
 */
public record LeftOperand(
    MemorySegment segment, long offset, long rowBytes, long columnBytes, int m, int k) {
  /**
   * Packs rows {@code [row, row + ROWS)} and columns {@code [column, column + depth)}, zero beyond
   * either extent.
   */
  void pack(int row, int column, int depth, MemorySegment target, long targetOffset) {
    int present = Math.min(depth, k - column);
    if (columnBytes == 4 && row + GemmTile.ROWS <= m) {
      Panels.interleaveFour(
          segment, offset + row * rowBytes + 4L * column, rowBytes, present, target, targetOffset);
    } else if (rowBytes == 4 && row + GemmTile.ROWS <= m) {
      long from = offset + 4L * row + column * columnBytes;
      Panels.fourColumns(segment, from, columnBytes, present, target, targetOffset);
    } else {
      packSlowly(row, column, present, target, targetOffset);
    }
    for (int p = present; p < depth; p++) {
      for (int i = 0; i < GemmTile.ROWS; i++) {
        target.set(Layouts.FLOAT, targetOffset + 16L * p + 4L * i, 0f);
      }
    }
  }

  /** Packs rows {@code [row, row + ROWS)} whole, zero beyond the last one. */
  public void packRows(int row, MemorySegment target, long targetOffset) {
    pack(row, 0, k, target, targetOffset);
  }

  /** Packs four rows of {@code present} columns, zero from there to {@code depth}. */
  public static void packFour(
      MemorySegment source,
      long from,
      long rowBytes,
      int present,
      int depth,
      MemorySegment target,
      long to) {
    Panels.interleaveFour(source, from, rowBytes, present, target, to);
    for (int p = 4 * present; p < 4 * depth; p++) {
      target.set(Layouts.FLOAT, to + 4L * p, 0f);
    }
  }

  private void packSlowly(int row, int column, int depth, MemorySegment target, long to) {
    for (int i = 0; i < GemmTile.ROWS; i++) {
      boolean inside = row + i < m;
      long from = offset + (row + i) * rowBytes + column * columnBytes;
      for (int p = 0; p < depth; p++) {
        float value = inside ? segment.get(Layouts.FLOAT, from + p * columnBytes) : 0f;
        target.set(Layouts.FLOAT, to + 16L * p + 4L * i, value);
      }
    }
  }
}
