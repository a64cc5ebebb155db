package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.Layouts;
import java.lang.foreign.MemorySegment;

/** A plan, in native memory, of the rows that {@link TileCode} reads ahead: five 64-bit numbers. */
final class ReadAhead {
  /** Where each number is: an address, strides in bytes, and counts. */
  static final int NEXT = 0;

  static final int ROW_BYTES = 8;
  static final int LINES = 16;
  static final int ROWS_LEFT = 24;
  static final int ROWS_AT_A_TIME = 32;

  static final int LINE_BYTES = 64;

  private ReadAhead() {}

  /** Plans {@code rows} rows of {@code bytes} bytes each. */
  static void write(
      MemorySegment plan, long at, long address, long rowBytes, int rows, long bytes) {
    long lines = ((address & (LINE_BYTES - 1)) + bytes + LINE_BYTES - 1) / LINE_BYTES;
    plan.set(Layouts.LONG, at + NEXT, address);
    plan.set(Layouts.LONG, at + ROW_BYTES, rowBytes);
    plan.set(Layouts.LONG, at + LINES, lines);
    plan.set(Layouts.LONG, at + ROWS_LEFT, lines == 0 ? 0 : rows);
  }

  /** Spreads what is left over a number of tiles. */
  static void spread(MemorySegment plan, long at, int tiles) {
    long left = plan.get(Layouts.LONG, at + ROWS_LEFT);
    plan.set(Layouts.LONG, at + ROWS_AT_A_TIME, Math.max(1, (left + tiles - 1) / tiles));
  }
}
