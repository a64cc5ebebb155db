package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.TileDot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Products of tiles with activations that are rounded to eight bits, in machine code. */
final class EmittedInt8Dot implements TileDot {
  private static final int LANES = 16;

  private final Int8Tile tile;
  private final NativeKernel[] kernels = new NativeKernel[Int8TileCode.MAX_VECTORS];
  private final NativeKernel round;
  private final MemorySegment places;

  /**
   * @param arena what the table of places lives in
   */
  EmittedInt8Dot(Emission code, Int8Tile tile, Arena arena) {
    this.tile = tile;
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = code.add(Int8TileCode.emit(tile, i + 1));
    }
    round = code.add(Int8RoundingCode.emit(tile));
    places = arena.allocate(4L * LANES, 64);
    for (int i = 0; i < LANES; i++) {
      int ofEight = tile.isPacked() ? i % 4 * 2 + i % 8 / 4 : i % 8;
      places.setAtIndex(ValueLayout.JAVA_INT, i, i / 8 * 8 + ofEight);
    }
  }

  @Override
  public long preparedBytes(int n) {
    return (long) Int8Tile.PREPARED_BYTES * (n / BLOCK);
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    int blocks = blocks(n);
    long from = Addresses.readable(x, xOffset, 4L * n);
    long to = Addresses.writable(prepared, preparedOffset, preparedBytes(n));
    int most = Float.floatToRawIntBits(127f);
    int share = Float.floatToRawIntBits(1 / 127f);
    round.call(x, from, 0, blocks, to, places.address(), 0, most, share, 0, 0, 0);
  }

  @Override
  public int maxVectors() {
    return kernels.length;
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
    int blocks = blocks(n);
    if (count == 0) {
      throw new IllegalArgumentException("tiles: expected at least one, got 0");
    }
    long bytes = (long) count * blocks * tile.blockBytes();
    long w = Addresses.readable(tiles, tilesOffset, bytes);
    long from =
        Addresses.readable(x, xOffset, Addresses.span(vectors, xRowBytes, preparedBytes(n)));
    long to = Addresses.writable(y, yOffset, Addresses.span(vectors, yRowBytes, 4L * ROWS * count));
    long room = Addresses.writable(scratch, scratchOffset, RowDot.SCRATCH_BYTES);
    kernels[vectors - 1].call(
        tiles, w, 0, count, blocks, from, to, xRowBytes, yRowBytes, room, 0, 0);
  }

  private static int blocks(int n) {
    if (n < BLOCK || n % BLOCK != 0) {
      throw new IllegalArgumentException(
          "tiles: expected whole blocks of %d elements, got %d".formatted(BLOCK, n));
    }
    return n / BLOCK;
  }
}
