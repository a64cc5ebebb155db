package dev.wick.backend.cpu.loop;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The innermost product of blocked matrix multiplication: a small tile of the result, over packed
 * panels.
 */
public interface GemmTile {
  /** Rows of a tile, and of a packed panel of the left operand. */
  int ROWS = 4;

  /** Columns of a tile, and of a packed panel of the right operand. */
  int columns();

  /** Products of whole panels that are faster than tile by tile, or null. */
  default @Nullable PanelProduct panels() {
    return null;
  }

  /**
   * {@code c[i][j] = initial[i][j] + sum over p of a[p][i] * b[p][j]}.
   *
   * @param a packed {@code [depth][ROWS]}, F32
   * @param b packed {@code [depth][columns]}, F32
   * @param initial what to add to: {@code c} itself, or zeros with 0 bytes between rows
   * @param c row-major tile with {@code cRowBytes} between rows, F32
   */
  void multiply(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      int depth,
      MemorySegment initial,
      long initialOffset,
      long initialRowBytes,
      MemorySegment c,
      long cOffset,
      long cRowBytes);

  /**
   * Widens pairs of 16-bit floats: each 32-bit word of {@code source} holds an element of an even
   * row in its low half and the element below it in its high half.
   *
   * @param source {@code [pairs][columns]} words
   * @param target {@code [2 * pairs][columns]}, F32
   * @param half whether the halves are F16; BF16 otherwise
   */
  void widenPairs(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      int pairs,
      boolean half);

  /**
   * Widens rows of {@link #columns} elements that lie next to each other.
   *
   * @param dtype F32, BF16 or F16
   * @param rowBytes bytes between rows of {@code source}
   * @param target {@code [rows][columns]}, F32
   */
  void widenRows(
      MemorySegment source,
      DType dtype,
      long sourceOffset,
      long rowBytes,
      MemorySegment target,
      long targetOffset,
      int rows);
}
