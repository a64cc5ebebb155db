package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Products of tiles with activations that are rounded to eight bits, in machine code. */
final class EmittedInt8Dot implements TileDot {
  private static final int LANES = 16;

  private final TileLayout layout;
  private final NativeKernel[] kernels = new NativeKernel[Int8TileCode.MAX_VECTORS];
  private final NativeKernel round;
  private final MemorySegment places;

  /**
   * @param arena what the table of places lives in
   */
  EmittedInt8Dot(Emission code, TileLayout layout, Arena arena) {
    this.layout = layout;
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = code.add(Int8TileCode.emit(layout, i + 1));
    }
    round = code.add(Int8RoundingCode.emit(layout));
    places = arena.allocate(4L * LANES, 64);
    for (int i = 0; i < LANES; i++) {
      int ofEight = layout.isPacked() ? i % 4 * 2 + i % 8 / 4 : i % 8;
      places.setAtIndex(ValueLayout.JAVA_INT, i, i / 8 * 8 + ofEight);
    }
  }

  @Override
  public long preparedBytes(int n) {
    return (long) RoundedBlock.bytes(layout) * (n / BLOCK);
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
    long bytes = (long) count * blocks * layout.blockBytes();
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
