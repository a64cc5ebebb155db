package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Dot products of BF16 rows with vectors that are rounded to BF16, in machine code. */
final class EmittedPairDot implements RowDot {
  private final NativeKernel[] ofRows = new NativeKernel[DotTileCode.MAX_VECTORS];
  private final NativeKernel[] ofTiles = new NativeKernel[DotTileCode.MAX_VECTORS];
  private final NativeKernel round;
  private final int minTiled;

  /**
   * @param minTiled vectors from which on several rows are multiplied at a time
   */
  EmittedPairDot(Emission code, int minTiled) {
    this.minTiled = minTiled;
    for (int i = 0; i < ofRows.length; i++) {
      ofRows[i] = code.add(DotTileCode.emitPairs(1, i + 1));
      ofTiles[i] = code.add(DotTileCode.emitPairs(DotTileCode.ROWS, i + 1));
    }
    round = code.add(PanelCode.roundToBf16());
  }

  @Override
  public boolean takes(int n) {
    return n > 0 && n % DotTileCode.BLOCK == 0;
  }

  @Override
  public int maxVectors() {
    return ofRows.length;
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    int blocks = blocks(n);
    long from = Addresses.readable(x, xOffset, 4L * n);
    long to = Addresses.writable(prepared, preparedOffset, DType.BF16.byteSize(n));
    round.call(x, from, 0, blocks, to, 0, 0, 0, 0, 0, 0, 0);
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
    int blocks = blocks(n);
    long bytes = DType.BF16.byteSize(n);
    long from = Addresses.readable(w, wOffset, Addresses.span(rows, wRowBytes, bytes));
    long by = Addresses.readable(x, xOffset, Addresses.span(vectors, xRowBytes, bytes));
    long to = Addresses.writable(y, yOffset, Addresses.span(vectors, yRowBytes, 4L * rows));
    int tiles = vectors < minTiled ? 0 : rows / DotTileCode.ROWS;
    if (tiles > 0) {
      ofTiles[vectors - 1].call(
          w, from, wRowBytes, tiles, blocks, by, to, xRowBytes, yRowBytes, 0, 0, 0);
    }
    int done = tiles * DotTileCode.ROWS;
    if (done < rows) {
      ofRows[vectors - 1].call(
          w,
          from + done * wRowBytes,
          wRowBytes,
          rows - done,
          blocks,
          by,
          to + 4L * done,
          xRowBytes,
          yRowBytes,
          0,
          0,
          0);
    }
  }

  private int blocks(int n) {
    if (!takes(n)) {
      throw new IllegalArgumentException(
          "pairs: expected whole blocks of %d elements, got %d".formatted(DotTileCode.BLOCK, n));
    }
    return n / DotTileCode.BLOCK;
  }
}
