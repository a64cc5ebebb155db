package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Rearranges the rows of a quantised matrix into the tiles that {@link TileDot} reads. */
public final class WeightTiles {
  private static final long BIASES = 0x8080808080808080L;
  private static final int NOT_FINITE = 0x7c00;

  private WeightTiles() {}

  /** Whether a weight should be kept in tiles, too. */
  public static boolean fits(InnerLoops loops, TensorSpec weight) {
    return dot(loops, weight.dtype()).isPresent()
        && weight.shape().rank() == 2
        && weight.shape().extent(0) >= TileDot.ROWS
        && weight.shape().extent(1) > 0
        && weight.shape().extent(0) <= Integer.MAX_VALUE - TileDot.ROWS
        && weight.shape().extent(1) <= Integer.MAX_VALUE;
  }

  /** What multiplies with tiles of a type, if that is faster than with rows. */
  static Optional<? extends TileDot> dot(InnerLoops loops, DType dtype) {
    return Activations.wanted()
        .int8Tiles(loops, dtype)
        .or(() -> dtype == DType.Q4_0 ? loops.tiles() : Optional.empty());
  }

  /** Bytes of all tiles of a type that has some; the last one is filled up with zeros. */
  public static long byteSize(TensorSpec weight) {
    return tiles(weight) * tileBytes(weight.dtype(), weight.shape().extent(1));
  }

  private static long tiles(TensorSpec weight) {
    return (weight.shape().extent(0) + TileDot.ROWS - 1) / TileDot.ROWS;
  }

  static long tileBytes(DType dtype, long columns) {
    return columns / TileDot.BLOCK * layout(dtype).blockBytes();
  }

  private static TileLayout layout(DType dtype) {
    return TileLayout.of(dtype)
        .orElseThrow(() -> new IllegalArgumentException("tiles: there are none of " + dtype));
  }

  /**
   * Writes the tiles of a weight, on all threads.
   *
   * @param target zeroed
   * @return whether all scales and offsets are finite in F16, without which tiles cannot be used
   */
  public static boolean pack(
      Execution execution, MemorySegment source, TensorSpec weight, MemorySegment target) {
    int rows = Math.toIntExact(weight.shape().extent(0));
    int blocks = Math.toIntExact(weight.shape().extent(1) / TileDot.BLOCK);
    long rowBytes = weight.dtype().byteSize(weight.shape().extent(1));
    long tileBytes = tileBytes(weight.dtype(), weight.shape().extent(1));
    PackedRows packed = new PackedRows(weight.dtype(), layout(weight.dtype()));
    boolean[] bad = new boolean[Math.toIntExact(tiles(weight))];
    execution.run(
        (_, tile) -> {
          int first = tile * TileDot.ROWS;
          long to = tile * tileBytes;
          for (int r = 0; r < Math.min(TileDot.ROWS, rows - first); r++) {
            long from = rowBytes * (first + r);
            bad[tile] |=
                weight.dtype() == DType.Q8_0
                    ? !packBytes(source, from, blocks, target, to, r)
                    : !packed.pack(source, from, blocks, target, to, r);
          }
        },
        bad.length);
    for (boolean tile : bad) {
      if (tile) {
        return false;
      }
    }
    return true;
  }

  private static boolean packBytes(
      MemorySegment source, long from, int blocks, MemorySegment target, long to, int row) {
    boolean finite = true;
    long blockBytes = tileBytes(DType.Q8_0, TileDot.BLOCK);
    long scaleAt = blockBytes - 64 + 4L * (row % 16) + 2L * (row / 16);
    for (int b = 0; b < blocks; b++) {
      long at = from + (long) DType.Q8_0.blockBytes() * b;
      long block = to + blockBytes * b;
      short scale = source.get(Layouts.SHORT, at);
      finite &= (scale & NOT_FINITE) != NOT_FINITE;
      target.set(Layouts.SHORT, block + scaleAt, scale);
      for (int i = 0; i < 4; i++) {
        long word = source.get(Layouts.LONG, at + 2 + 8L * i) ^ BIASES;
        target.set(Layouts.INT, block + 256L * i + 4L * row, (int) word);
        target.set(Layouts.INT, block + 256L * i + 128 + 4L * row, (int) (word >>> 32));
      }
    }
    return finite;
  }
}
