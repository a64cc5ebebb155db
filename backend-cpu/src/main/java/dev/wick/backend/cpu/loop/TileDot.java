package dev.wick.backend.cpu.loop;

import java.lang.foreign.MemorySegment;

/**
 * Products with a quantised matrix whose rows have been interleaved into tiles, so that a lane of a
 * vector is a row: no sums across lanes, one sequential stream, and scales as vectors.
 *
 * <p>A tile is {@value #ROWS} rows, block after block of {@value #BLOCK} elements of each; a block
 * of it takes as many bytes as those of its rows as stored.
 */
public interface TileDot {
  /** Rows of a tile. */
  int ROWS = 32;

  /** Elements of a row in a block. */
  int BLOCK = 32;

  /** Bytes that a prepared vector of {@code n} elements takes. */
  long preparedBytes(int n);

  /** Brings {@code x[0..n)} into the form that {@link #few} reads. */
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
}
