package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;

/**
 * A block of activations in eight bits, as products with tiles of a layout read it: the elements,
 * four for each word of a row in a tile; their F32 scale; and of each group the sum of its
 * elements: as an integer, times the lowest quant, or, where tiles have offsets, as what it stands
 * for in F32.
 */
final class RoundedBlock {
  static final int SCALE_AT = TileDot.BLOCK;

  private RoundedBlock() {}

  /** Bytes to the sum of a group. */
  static int sumAt(int group) {
    return SCALE_AT + 4 + 4 * group;
  }

  /** Bytes of a block. */
  static int bytes(TileLayout layout) {
    return sumAt(layout.groups());
  }
}
