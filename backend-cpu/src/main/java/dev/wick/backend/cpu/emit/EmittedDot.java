package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Dot products of rows in machine code. */
final class EmittedDot implements RowDot {
  private final DType dtype;
  private final int lanes;
  private final NativeKernel[] kernels;
  private final NativeKernel[] tiles;
  private final RowSplit split;

  /**
   * @param lanes elements of a vector
   * @param kernels row by row, for one vector, two, and so on
   * @param tiles those of {@link DotTileCode} for whole tiles, for as many vectors as {@code
   *     kernels} has, but for those that come first; or none
   */
  EmittedDot(DType dtype, int lanes, NativeKernel[] kernels, NativeKernel[] tiles, RowSplit split) {
    this.dtype = dtype;
    this.lanes = lanes;
    this.kernels = kernels.clone();
    this.tiles = tiles.clone();
    this.split = split;
  }

  @Override
  public int maxVectors() {
    return kernels.length;
  }

  @Override
  public boolean readsPlain() {
    return dtype != DType.BF16;
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    int main = dtype == DType.BF16 ? n - n % (2 * lanes) : 0;
    if (main > 0) {
      split.apply(x, xOffset, main, prepared, preparedOffset);
    }
    MemorySegment.copy(
        x, xOffset + 4L * main, prepared, preparedOffset + 4L * main, 4L * (n - main));
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
    few(w, wOffset, wRowBytes, rows, n, 1, x, xOffset, 0, y, yOffset, 0, scratch, scratchOffset);
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
    if (rows == 0) {
      return;
    }
    long rowBytes = dtype.byteSize(n);
    long weights = Addresses.readable(w, wOffset, Addresses.span(rows, wRowBytes, rowBytes));
    long from = Addresses.readable(x, xOffset, Addresses.span(vectors, xRowBytes, 4L * n));
    long to = Addresses.writable(y, yOffset, Addresses.span(vectors, yRowBytes, 4L * rows));
    long room = Addresses.writable(scratch, scratchOffset, DotTileCode.SCRATCH_BYTES);
    boolean whole = n > 0 && n % DotTileCode.BLOCK == 0;
    int number = vectors - 1 - (kernels.length - tiles.length);
    int count = whole && number >= 0 && tiles.length > 0 ? rows / DotTileCode.ROWS : 0;
    if (count > 0) {
      tiles[number].call(
          w,
          weights,
          wRowBytes,
          count,
          n / DotTileCode.BLOCK,
          from,
          to,
          xRowBytes,
          yRowBytes,
          room,
          0,
          0);
    }
    int tiled = count * DotTileCode.ROWS;
    if (tiled < rows) {
      kernels[vectors - 1].call(
          w,
          weights + tiled * wRowBytes,
          wRowBytes,
          rows - tiled,
          dtype.isQuantized() ? n / DotTileCode.BLOCK : n,
          from,
          to + 4L * tiled,
          xRowBytes,
          yRowBytes,
          room,
          0,
          0);
    }
  }

  /** Brings elements into the order that {@link DotCode} reads. */
  interface RowSplit {
    /** Splits {@code n} elements, a multiple of two vectors. */
    void apply(MemorySegment x, long xOffset, int n, MemorySegment target, long targetOffset);

    /** One element after the other. */
    static RowSplit plain(int lanes) {
      return (x, xOffset, n, target, targetOffset) -> {
        for (int k = 0; k < n; k++) {
          int inBlock = k % (2 * lanes);
          int place = k - inBlock + inBlock / 2 + inBlock % 2 * lanes;
          float value = x.get(Layouts.FLOAT, xOffset + 4L * k);
          target.set(Layouts.FLOAT, targetOffset + 4L * place, value);
        }
      };
    }
  }
}
