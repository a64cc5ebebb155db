package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** Rows of blocks of every type, read by machine code on vectors of 512 bits. */
final class EmittedBlockRows implements BlockRows {
  private final RowDot q8;
  private final Map<DType, NativeKernel> widen = new EnumMap<>(DType.class);
  private final Map<DType, NativeKernel> dots = new EnumMap<>(DType.class);
  private final MemorySegment tables;

  /**
   * @param q8 dot products with rows of Q8_0
   * @param arena what tables live in
   */
  EmittedBlockRows(Emission code, RowDot q8, Arena arena) {
    this.q8 = q8;
    this.tables = BlockTables.write(arena);
    Arrays.stream(DType.values())
        .filter(DType::isQuantized)
        .forEach(
            dtype -> {
              widen.put(dtype, code.add(BlockWideningCode.emit(dtype)));
              dots.put(dtype, code.add(BlockDotCode.emit(dtype)));
            });
  }

  @Override
  public void widen(
      DType dtype,
      MemorySegment blocks,
      long offset,
      int elements,
      MemorySegment target,
      long targetOffset) {
    widenRows(dtype, blocks, offset, 0, 1, elements, target, targetOffset);
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
    NativeKernel kernel = widen.get(dtype);
    if (kernel == null) {
      throw new IllegalArgumentException("widen: expected a quantised type, got " + dtype);
    }
    int count = elements / dtype.blockElements();
    if (rows <= 0 || count <= 0) {
      return;
    }
    long span = Addresses.span(rows, rowBytes, dtype.byteSize(elements));
    long from = Addresses.readable(blocks, offset, span);
    long to = Addresses.writable(target, targetOffset, 4L * rows * elements);
    kernel.call(blocks, from, rowBytes, count, to, tables.address(), rows, 0, 0, 0, 0, 0);
  }

  @Override
  public RowDot dot(DType dtype, RowDot f32) {
    NativeKernel kernel = dots.get(dtype);
    if (dtype == DType.Q8_0 || kernel == null) {
      return dtype == DType.Q8_0 ? q8 : BlockRows.super.dot(dtype, f32);
    }
    return new EmittedBlockDot(dtype, kernel, tables, BlockRows.super.dot(dtype, f32));
  }
}
