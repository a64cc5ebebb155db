package dev.wick.backend.cpu.kernel;

import dev.wick.engine.spi.TensorView;

/** Whether the places of two tensors may share bytes. */
final class Overlap {
  private Overlap() {}

  static boolean between(TensorView a, TensorView b) {
    if (a.buffer() != b.buffer()) {
      return false;
    }
    long aEnd = a.byteOffset() + a.layout().span() * a.dtype().blockBytes();
    long bEnd = b.byteOffset() + b.layout().span() * b.dtype().blockBytes();
    return a.byteOffset() < bEnd && b.byteOffset() < aEnd;
  }
}
