package dev.wick.backend.cpu.loop;

import java.lang.foreign.MemorySegment;

/**
 * Products in F32 with tiles of Q4_0, which can also be expanded.
 *
 * <p>A block is four groups of one 32-bit word per row with eight elements, the first in the lowest
 * bits; then the F16 scales, row r beside row r + 16.
 */
public interface FloatTileDot extends TileDot {
  /** Bytes of a block of a tile: those of its rows as stored. */
  int BLOCK_BYTES = 576;

  /** Its numbers, and a sum per block. */
  @Override
  default long preparedBytes(int n) {
    return RowDot.preparedBytes(n) + RowDot.preparedBytes(n / BLOCK);
  }

  /**
   * Expands blocks of one tile to F32, exactly: {@code target[k][r] = w[r][k]}.
   *
   * @param tileOffset bytes to the first block
   * @param targetRowBytes bytes between elements that follow each other along k
   */
  void expand(
      MemorySegment tile,
      long tileOffset,
      int blocks,
      MemorySegment target,
      long targetOffset,
      long targetRowBytes);

  /** Whether there is {@link #expandPairs}. */
  default boolean takesPairs() {
    return false;
  }

  /**
   * Expands blocks of one tile to pairs of BF16, which round what {@link #expand} gives: {@code
   * target[p][r]} is a word of {@code w[r][2 p]} and, in its upper half, {@code w[r][2 p + 1]}.
   *
   * @throws UnsupportedOperationException unless {@link #takesPairs}
   */
  default void expandPairs(
      MemorySegment tile,
      long tileOffset,
      int blocks,
      MemorySegment target,
      long targetOffset,
      long targetRowBytes) {
    throw new UnsupportedOperationException("tiles: expected products of BF16 pairs, got none");
  }
}
