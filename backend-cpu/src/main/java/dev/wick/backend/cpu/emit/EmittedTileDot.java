package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.FloatTileDot;
import dev.wick.backend.cpu.loop.RowDot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Products with tiles in machine code, on vectors of 512 bits. */
final class EmittedTileDot implements FloatTileDot {
  /** Vectors up to which two tiles at once keep the multiply-adds busy. */
  private static final int MAX_OF_PAIRS = 2;

  private static final int VALUES = 16;

  private final NativeKernel[] ofOne = new NativeKernel[TileDotCode.MAX_VECTORS];
  private final NativeKernel[] ofPairs = new NativeKernel[MAX_OF_PAIRS];
  private final NativeKernel expand;
  private final NativeKernel[] expandPairs;
  private final MemorySegment values;

  /**
   * @param arena what the table of values lives in
   */
  EmittedTileDot(Emission code, Machine machine, Arena arena) {
    expand = code.add(BlockCode.expandTile(false));
    expandPairs =
        machine.hasBf16()
            ? new NativeKernel[] {code.add(BlockCode.expandTile(true))}
            : new NativeKernel[0];
    for (int i = 0; i < ofOne.length; i++) {
      ofOne[i] = code.add(TileDotCode.emit(i + 1, 1));
    }
    for (int i = 0; i < ofPairs.length; i++) {
      ofPairs[i] = code.add(TileDotCode.emit(i + 1, 2));
    }
    values = arena.allocate(8L * VALUES, 64);
    for (int i = 0; i < VALUES; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, i - 8);
      values.setAtIndex(ValueLayout.JAVA_INT, VALUES + i, ((VALUES + i) << 16) | i);
    }
  }

  @Override
  public int maxVectors() {
    return ofOne.length;
  }

  @Override
  public boolean readsPlain() {
    return true;
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    MemorySegment.copy(x, xOffset, prepared, preparedOffset, 4L * n);
  }

  @Override
  public void few(
      MemorySegment tiles,
      long tilesOffset,
      int count,
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
    int blocks = n / BLOCK;
    if (count == 0 || blocks == 0) {
      throw new IllegalArgumentException(
          "tiles: expected at least one tile and block, got %d and %d".formatted(count, blocks));
    }
    long tileBytes = (long) BLOCK_BYTES * blocks;
    long w = Addresses.readable(tiles, tilesOffset, count * tileBytes);
    long from = Addresses.readable(x, xOffset, Addresses.span(vectors, xRowBytes, 4L * n));
    long to = Addresses.writable(y, yOffset, Addresses.span(vectors, yRowBytes, 4L * ROWS * count));
    long room = Addresses.writable(scratch, scratchOffset, RowDot.SCRATCH_BYTES);
    int pairs = vectors <= MAX_OF_PAIRS ? count / 2 : 0;
    long table = values.address();
    if (pairs > 0) {
      ofPairs[vectors - 1].call(
          tiles, w, tileBytes, pairs, blocks, from, to, xRowBytes, yRowBytes, room, table, 0);
    }
    int done = 2 * pairs;
    if (done < count) {
      ofOne[vectors - 1].call(
          tiles,
          w + done * tileBytes,
          tileBytes,
          count - done,
          blocks,
          from,
          to + 4L * ROWS * done,
          xRowBytes,
          yRowBytes,
          room,
          table,
          0);
    }
  }

  @Override
  public void expand(
      MemorySegment tile,
      long tileOffset,
      int blocks,
      MemorySegment target,
      long targetOffset,
      long targetRowBytes) {
    expand(expand, tile, tileOffset, blocks, BLOCK, target, targetOffset, targetRowBytes);
  }

  @Override
  public boolean takesPairs() {
    return expandPairs.length > 0;
  }

  @Override
  public void expandPairs(
      MemorySegment tile,
      long tileOffset,
      int blocks,
      MemorySegment target,
      long targetOffset,
      long targetRowBytes) {
    expand(
        expandPairs[0], tile, tileOffset, blocks, BLOCK / 2, target, targetOffset, targetRowBytes);
  }

  private void expand(
      NativeKernel kernel,
      MemorySegment tile,
      long tileOffset,
      int blocks,
      int rowsOfBlock,
      MemorySegment target,
      long targetOffset,
      long targetRowBytes) {
    if (blocks == 0) {
      return;
    }
    long from = Addresses.readable(tile, tileOffset, (long) BLOCK_BYTES * blocks);
    long rows = (long) rowsOfBlock * blocks;
    long bytes = Addresses.span(rows, targetRowBytes, 4L * ROWS);
    long to = Addresses.writable(target, targetOffset, bytes);
    kernel.call(tile, from, targetRowBytes, blocks, to, values.address(), 0, 0, 0, 0, 0, 0);
  }
}
