package dev.wick.backend.cpu.loop;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * Products of many rows with a panel of a right operand, a tile of sums at a time.
 *
 * <p>Elements along the depth come as 32-bit words: an F32, or a pair of BF16.
 */
public interface PanelProduct {
  /** Columns of a panel. */
  int COLUMNS = 64;

  /** Bytes of a plan of {@link #planReading}. */
  int PLAN_BYTES = 64;

  /** Whether there are products of BF16 pairs, and what makes such pairs. */
  boolean takesPairs();

  /**
   * Transposes 64 rows of a stored matrix to a panel {@code [words][64]}.
   *
   * @param dtype F32, BF16 or F16
   * @param rowBytes bytes between rows
   * @param depth elements of a row, a multiple of 32
   * @param pairs whether BF16 stays in pairs; everything is widened to F32 otherwise
   */
  void pack(
      MemorySegment matrix,
      DType dtype,
      long offset,
      long rowBytes,
      int depth,
      boolean pairs,
      MemorySegment panel,
      long panelOffset);

  /**
   * Brings rows {@code [depth][64]} of BF16, two at a time, into a panel of pairs {@code [depth /
   * 2] [64]}.
   *
   * @param rowBytes bytes between rows
   * @param depth rows, an even number
   */
  void pairRows(
      MemorySegment matrix,
      long offset,
      long rowBytes,
      int depth,
      MemorySegment panel,
      long panelOffset);

  /**
   * Rounds F32 to BF16, to the nearest and ties to even; subnormal numbers become zero.
   *
   * @param n a multiple of 32
   */
  void round(MemorySegment x, long xOffset, int n, MemorySegment rounded, long roundedOffset);

  /**
   * Plans to bring rows of a matrix nearer to the processor while a product is computed, which must
   * follow while the matrix is alive.
   *
   * @param rowBytes bytes between rows
   * @param bytes of each row
   * @param plan where the plan is written, the segment of the panel
   */
  void planReading(
      MemorySegment matrix,
      long offset,
      long rowBytes,
      int rows,
      long bytes,
      MemorySegment plan,
      long planOffset);

  /** Bytes of what {@link #weigh} reads about a row. */
  int WEIGHED_BYTES = 16;

  /**
   * Turns rows of 64 scores s into weights {@code w = exp(s - shift)}, and rows of the gradients g
   * of these into {@code w * (g - term)}. Columns that a row does not see become 0.
   *
   * @param about of each row: the shift, the term, F32, and a bit for each column that it sees
   */
  void weigh(
      MemorySegment scores,
      long scoresOffset,
      MemorySegment gradients,
      long gradientsOffset,
      int rows,
      MemorySegment about,
      long aboutOffset);

  /** Bytes before the columns in what {@link #softmax} reads about a row. */
  int SOFTMAX_BYTES = 8;

  /** Bytes of what {@link #softmax} reads and writes about a row. */
  static long softmaxBytes(int panels) {
    return SOFTMAX_BYTES + 8L * panels;
  }

  /**
   * Turns rows of scores s into weights {@code exp(s - max)}, up to the first row whose maximum is
   * not finite. Columns that a row does not see become 0, in the row that was not done negative
   * infinity.
   *
   * @param panels a row has 64 scores for each
   * @param about of each row: the largest score so far, F32, which becomes the maximum of it and
   *     the row; room for the sum of the weights, F32; a bit for each column that the row sees
   * @return rows that were done
   */
  int softmax(
      MemorySegment scores,
      long scoresOffset,
      long scoreBytes,
      int panels,
      int rows,
      MemorySegment about,
      long aboutOffset);

  /**
   * {@code c[i][j] = initial + sum over p of a[i][p] * b[p][j]}, where initial is {@code c[i][j]}
   * or 0.
   *
   * @param a rows with {@code aRowBytes} between them
   * @param b a panel {@code [words][64]}
   * @param adds whether to add to {@code c}
   * @param c rows of 64 F32 with {@code cRowBytes} between them
   * @param ahead where in {@code b} there is a plan to read meanwhile, or -1
   */
  void multiply(
      boolean pairs,
      MemorySegment a,
      long aOffset,
      long aRowBytes,
      int rows,
      MemorySegment b,
      long bOffset,
      int words,
      boolean adds,
      MemorySegment c,
      long cOffset,
      long cRowBytes,
      long ahead);
}
