package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Rows of blocks as another form reads them, with dot products of Q8_0 in machine code. */
final class EmittedBlockRows implements BlockRows {
  private final BlockRows base;
  private final RowDot q8;

  EmittedBlockRows(BlockRows base, RowDot q8) {
    this.base = base;
    this.q8 = q8;
  }

  @Override
  public void widen(
      DType dtype,
      MemorySegment blocks,
      long offset,
      int elements,
      MemorySegment target,
      long targetOffset) {
    base.widen(dtype, blocks, offset, elements, target, targetOffset);
  }

  @Override
  public RowDot dot(DType dtype, RowDot f32) {
    return dtype == DType.Q8_0 ? q8 : base.dot(dtype, f32);
  }
}
