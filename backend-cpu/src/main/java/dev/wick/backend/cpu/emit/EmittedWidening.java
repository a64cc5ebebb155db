package dev.wick.backend.cpu.emit;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Widening in machine code, 64 columns wide. */
final class EmittedWidening implements EmittedTile.Widening {
  static final int COLUMNS = 64;

  private final NativeKernel bf16Pairs;
  private final NativeKernel f16Pairs;
  private final NativeKernel f32Rows;
  private final NativeKernel bf16Rows;
  private final NativeKernel f16Rows;

  EmittedWidening(Emission code) {
    bf16Pairs = code.add(PanelCode.widenPairs(PanelCode.Words.WIDEN_BF16));
    f16Pairs = code.add(PanelCode.widenPairs(PanelCode.Words.WIDEN_F16));
    f32Rows = code.add(PanelCode.widenRows(DType.F32));
    bf16Rows = code.add(PanelCode.widenRows(DType.BF16));
    f16Rows = code.add(PanelCode.widenRows(DType.F16));
  }

  @Override
  public void pairs(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      int pairs,
      boolean half) {
    if (pairs == 0) {
      return;
    }
    long from = Addresses.readable(source, sourceOffset, 4L * pairs * COLUMNS);
    long to = Addresses.writable(target, targetOffset, 8L * pairs * COLUMNS);
    NativeKernel kernel = half ? f16Pairs : bf16Pairs;
    kernel.call(source, from, 0, pairs, to, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public void rows(
      MemorySegment source,
      DType dtype,
      long sourceOffset,
      long rowBytes,
      MemorySegment target,
      long targetOffset,
      int rows) {
    if (rows == 0) {
      return;
    }
    NativeKernel kernel =
        switch (dtype) {
          case F32 -> f32Rows;
          case BF16 -> bf16Rows;
          case F16 -> f16Rows;
          default ->
              throw new IllegalArgumentException(
                  "mat_mul: expected F32, BF16 or F16, got " + dtype);
        };
    long bytes = Addresses.span(rows, rowBytes, (long) COLUMNS * dtype.blockBytes());
    long from = Addresses.readable(source, sourceOffset, bytes);
    long to = Addresses.writable(target, targetOffset, 4L * rows * COLUMNS);
    kernel.call(source, from, rowBytes, rows, to, 0, 0, 0, 0, 0, 0, 0);
  }
}
