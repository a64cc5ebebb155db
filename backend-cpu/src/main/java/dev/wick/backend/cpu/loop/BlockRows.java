package dev.wick.backend.cpu.loop;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Reads rows of quantised blocks. */
public interface BlockRows {
  /**
   * Expands neighbouring blocks to F32, exactly.
   *
   * @param offset bytes to the first block
   * @param elements a multiple of the type's block
   */
  void widen(
      DType dtype,
      MemorySegment blocks,
      long offset,
      int elements,
      MemorySegment target,
      long targetOffset);

  /**
   * Expands rows that lie a number of bytes apart to neighbouring rows in F32, exactly.
   *
   * @param elements of a row, a multiple of the type's block
   */
  default void widenRows(
      DType dtype,
      MemorySegment blocks,
      long offset,
      long rowBytes,
      int rows,
      int elements,
      MemorySegment target,
      long targetOffset) {
    for (int r = 0; r < rows; r++) {
      long to = targetOffset + 4L * r * elements;
      widen(dtype, blocks, offset + r * rowBytes, elements, target, to);
    }
  }

  /**
   * Dot products of rows of blocks; the default expands a few rows at a time.
   *
   * @param f32 dot products of rows in F32
   */
  default RowDot dot(DType dtype, RowDot f32) {
    return new WidenedDot(this, dtype, f32);
  }
}
