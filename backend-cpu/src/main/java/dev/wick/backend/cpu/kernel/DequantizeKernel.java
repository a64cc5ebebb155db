package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.BlockRows;

/** Quantised blocks to F32. */
final class DequantizeKernel extends RowsKernel {
  private final BlockRows blocks;
  private final HostTensor x;
  private final HostTensor result;
  private final int elements;

  DequantizeKernel(BlockRows blocks, HostTensor x, HostTensor result) {
    super(x.size() / x.dtype().blockElements(), x.dtype().blockElements());
    this.blocks = blocks;
    this.x = x;
    this.result = result;
    this.elements = x.dtype().blockElements();
  }

  @Override
  void row(long block) {
    long from = x.offset() + block * x.dtype().blockBytes();
    long to = result.offset() + 4L * elements * block;
    blocks.widen(x.dtype(), x.segment(), from, elements, result.segment(), to);
  }
}
