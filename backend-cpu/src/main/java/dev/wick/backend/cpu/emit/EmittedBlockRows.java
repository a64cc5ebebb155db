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
    } else {
      widenQ8(blocks, offset, 0, 1, elements, target, targetOffset);
    }
  }

  @Override
  public void widenRows(
      DType dtype,
      MemorySegment blocks,
      long offset,
      long rowBytes,
      int rows,
      int elements,
      MemorySegment target,
      long targetOffset) {
    if (dtype != DType.Q8_0) {
      base.widenRows(dtype, blocks, offset, rowBytes, rows, elements, target, targetOffset);
    } else {
      widenQ8(blocks, offset, rowBytes, rows, elements, target, targetOffset);
    }
  }

  private void widenQ8(
      MemorySegment blocks,
      long offset,
      long rowBytes,
      int rows,
      int elements,
      MemorySegment target,
      long targetOffset) {
    if (rows <= 0 || elements <= 0) {
      return;
    }
    long span = Addresses.span(rows, rowBytes, DType.Q8_0.byteSize(elements));
    long from = Addresses.readable(blocks, offset, span);
    long to = Addresses.writable(target, targetOffset, 4L * rows * elements);
    int count = elements / DType.Q8_0.blockElements();
    widenQ8.call(blocks, from, rowBytes, count, to, rows, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public RowDot dot(DType dtype, RowDot f32) {
    return dtype == DType.Q8_0 ? q8 : base.dot(dtype, f32);
  }
}
