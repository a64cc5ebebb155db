package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Rows of blocks as another form reads them, but for Q8_0, which machine code reads. */
final class EmittedBlockRows implements BlockRows {
  private final BlockRows base;
  private final RowDot q8;
  private final NativeKernel widenQ8;

  EmittedBlockRows(Emission code, BlockRows base, RowDot q8) {
    this.base = base;
    this.q8 = q8;
    this.widenQ8 = code.add(BlockCode.widenQ8());
  }

  @Override
  public void widen(
      DType dtype,
      MemorySegment blocks,
      long offset,
      int elements,
      MemorySegment target,
      long targetOffset) {
    if (dtype != DType.Q8_0) {
      base.widen(dtype, blocks, offset, elements, target, targetOffset);
    } else if (elements > 0) {
      long from = Addresses.readable(blocks, offset, dtype.byteSize(elements));
      long to = Addresses.writable(target, targetOffset, 4L * elements);
      int count = elements / dtype.blockElements();
      widenQ8.call(blocks, from, 0, count, to, 0, 0, 0, 0, 0, 0, 0);
    }
  }

  @Override
  public RowDot dot(DType dtype, RowDot f32) {
    return dtype == DType.Q8_0 ? q8 : base.dot(dtype, f32);
  }
}
