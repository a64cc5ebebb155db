package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;

/** Rearranges the rows of a Q4_0 matrix into the tiles that {@link TileDot} reads. */
public final class WeightTiles {
  private static final long LOW = 0x0f0f0f0f0f0f0f0fL;
  private static final int NOT_FINITE = 0x7c00;

  private WeightTiles() {}

  /** Whether a weight may be kept in tiles, too. */
  public static boolean fits(TensorSpec weight) {
    return weight.dtype() == DType.Q4_0
        && weight.shape().rank() == 2
        && weight.shape().extent(0) >= TileDot.ROWS
        && weight.shape().extent(1) > 0
        && weight.shape().extent(0) <= Integer.MAX_VALUE - TileDot.ROWS
        && weight.shape().extent(1) <= Integer.MAX_VALUE;
  }

  /** Bytes of all tiles; the last one is filled up with zeros. */
  public static long byteSize(TensorSpec weight) {
    return tiles(weight) * tileBytes(weight.shape().extent(1));
  }

  private static long tiles(TensorSpec weight) {
    return (weight.shape().extent(0) + TileDot.ROWS - 1) / TileDot.ROWS;
  }

  static long tileBytes(long columns) {
    return columns / TileDot.BLOCK * TileDot.BLOCK_BYTES;
  }

  /**
   * Writes the tiles of a weight, on all threads.
   *
   * @param target zeroed
   * @return whether all scales are finite, without which tiles cannot be used
   */
  public static boolean pack(
      Execution execution, MemorySegment source, TensorSpec weight, MemorySegment target) {
    int rows = Math.toIntExact(weight.shape().extent(0));
    int blocks = Math.toIntExact(weight.shape().extent(1) / TileDot.BLOCK);
    boolean[] bad = new boolean[Math.toIntExact(tiles(weight))];
    execution.run(
        (_, tile) -> {
          int first = tile * TileDot.ROWS;
          long to = tile * tileBytes(weight.shape().extent(1));
          for (int r = 0; r < Math.min(TileDot.ROWS, rows - first); r++) {
            long from = DType.Q4_0.blockBytes() * (long) blocks * (first + r);
            bad[tile] |= !packRow(source, from, blocks, target, to, r);
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

  private static boolean packRow(
      MemorySegment source, long from, int blocks, MemorySegment target, long to, int row) {
    boolean finite = true;
    long scaleAt = 512 + 4L * (row % 16) + 2L * (row / 16);
    for (int b = 0; b < blocks; b++) {
      long at = from + (long) DType.Q4_0.blockBytes() * b;
      long word = to + (long) TileDot.BLOCK_BYTES * b + 4L * row;
      short scale = source.get(Layouts.SHORT, at);
      finite &= (scale & NOT_FINITE) != NOT_FINITE;
      target.set(Layouts.SHORT, word - 4L * row + scaleAt, scale);
      long first = source.get(Layouts.LONG, at + 2);
      long second = source.get(Layouts.LONG, at + 10);
      target.set(Layouts.INT, word, (int) Long.compress(first, LOW));
      target.set(Layouts.INT, word + 128, (int) Long.compress(second, LOW));
      target.set(Layouts.INT, word + 256, (int) Long.compress(first, ~LOW));
      target.set(Layouts.INT, word + 384, (int) Long.compress(second, ~LOW));
    }
    return finite;
  }
}
