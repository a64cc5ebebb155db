package dev.wick.backend.cpu.loop;

import java.lang.foreign.MemorySegment;

/**
 * Products with a matrix in Q4_0 whose rows have been interleaved into tiles, so that a lane of a
 * vector is a row: no sums across lanes, one sequential stream, and scales as vectors.
 *
 * <p>A tile is {@value #ROWS} rows, block after block of {@value #BLOCK_BYTES} bytes: four groups
 * of one 32-bit word per row with eight elements, the first in the lowest bits; then the F16
 * scales, row r beside row r + 16.
 */
public interface TileDot {
  /** Rows of a tile. */
  int ROWS = 32;

  /** Elements of a row in a block. */
  int BLOCK = 32;

  /** Bytes of a block of a tile: those of its rows as stored. */
  int BLOCK_BYTES = 576;

  /** Bytes that a prepared vector takes: its numbers, and a sum per block. */
  static long preparedBytes(int n) {
    return RowDot.preparedBytes(n) + RowDot.preparedBytes(n / BLOCK);
  }

  /** Copies {@code x[0..n)} and adds up its blocks. */
  void prepare(MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset);

  /** Whether {@link #prepare} only copies, so that vectors can be read where they are. */
  default boolean readsPlain() {
    return false;
  }

  /** Vectors that {@link #few} takes at most. */
  int maxVectors();

  /**
   * {@code y[i][r] = w[r] · x[i]} for the rows of some tiles that follow each other and {@code
   * vectors} vectors, 1 to {@link #maxVectors}: their number does not change the bits.
   *
   * @param count tiles, at least 1
   * @param n elements of a row, at least a block
   * @param y room for all rows of the tiles
   * @param scratch {@link RowDot#SCRATCH_BYTES}
   */
  void few(
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
      long scratchOffset);

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
