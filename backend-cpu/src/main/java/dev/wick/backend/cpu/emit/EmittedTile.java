package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A tile of a product in machine code, with the columns of the form that it replaces. */
final class EmittedTile implements GemmTile {
  private final int columns;
  private final NativeKernel multiply;
  private final Widening widening;
  private final @Nullable PanelProduct panels;

  EmittedTile(
      int columns, NativeKernel multiply, Widening widening, @Nullable PanelProduct panels) {
    this.columns = columns;
    this.multiply = multiply;
    this.widening = widening;
    this.panels = panels;
  }

  @Override
  public @Nullable PanelProduct panels() {
    return panels;
  }

  @Override
  public int columns() {
    return columns;
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
    long rowBytes = 4L * columns;
    long resultBytes = Addresses.span(ROWS, cRowBytes, rowBytes);
    long initialBytes = Addresses.span(ROWS, initialRowBytes, rowBytes);
    multiply.call(
        MemorySegment.NULL,
        Addresses.readable(a, aOffset, 4L * ROWS * depth),
        0,
        1,
        Addresses.readable(b, bOffset, rowBytes * depth),
        depth,
        Addresses.readable(initial, initialOffset, initialBytes),
        initialRowBytes,
        Addresses.writable(c, cOffset, resultBytes),
        cRowBytes,
        0,
        0);
  }

  @Override
  public void widenPairs(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      int pairs,
      boolean half) {
    widening.pairs(source, sourceOffset, target, targetOffset, pairs, half);
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
    widening.rows(source, dtype, sourceOffset, rowBytes, target, targetOffset, rows);
  }

  /** How stored elements become F32. */
  interface Widening {
    /** As {@link GemmTile#widenPairs}. */
    void pairs(
        MemorySegment source,
        long sourceOffset,
        MemorySegment target,
        long targetOffset,
        int pairs,
        boolean half);

    /** As {@link GemmTile#widenRows}. */
    void rows(
        MemorySegment source,
        DType dtype,
        long sourceOffset,
        long rowBytes,
        MemorySegment target,
        long targetOffset,
        int rows);

    /** That of another tile with the same columns. */
    static Widening of(GemmTile tile) {
      return new Widening() {
        @Override
        public void pairs(
            MemorySegment source,
            long sourceOffset,
            MemorySegment target,
            long targetOffset,
            int pairs,
            boolean half) {
          tile.widenPairs(source, sourceOffset, target, targetOffset, pairs, half);
        }

        @Override
        public void rows(
            MemorySegment source,
            DType dtype,
            long sourceOffset,
            long rowBytes,
            MemorySegment target,
            long targetOffset,
            int rows) {
          tile.widenRows(source, dtype, sourceOffset, rowBytes, target, targetOffset, rows);
        }
      };
    }
  }
}
