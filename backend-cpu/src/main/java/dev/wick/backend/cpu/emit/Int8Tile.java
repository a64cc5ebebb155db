package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.engine.tensor.DType;

/**
 * Tiles that are multiplied with activations in eight bits, and those activations.
 *
 * <p>A block of a vector is {@value #PREPARED_BYTES} bytes: the elements, four for each word of a
 * row in a tile; their F32 scale; and their sum times the lowest value of a weight, an integer.
 */
enum Int8Tile {
  /** Words of eight numbers of four bits, from -8 on, the first in the lowest bits. */
  Q4_0(DType.Q4_0, 3),
  /** Words of four bytes, from -128 on. */
  Q8_0(DType.Q8_0, 7);

  static final int SCALE_AT = TileDot.BLOCK;
  static final int SUM_AT = SCALE_AT + 4;
  static final int PREPARED_BYTES = SUM_AT + 4;

  private final DType dtype;
  private final int lowestShift;

  Int8Tile(DType dtype, int lowestShift) {
    this.dtype = dtype;
    this.lowestShift = lowestShift;
  }

  DType dtype() {
    return dtype;
  }

  /** Bytes of a block of a tile. */
  int blockBytes() {
    return TileDot.ROWS * dtype.blockBytes();
  }

  /** Whether a word has two elements in each byte, every second of eight in the lower half. */
  boolean isPacked() {
    return this == Q4_0;
  }

  /** The lowest value of a weight is -1 shifted left by so many bits. */
  int lowestShift() {
    return lowestShift;
  }
}
