package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.QuantizedBlock;
import java.lang.foreign.MemorySegment;

/** Writes rows of blocks of any type into tiles with low bits and planes. One thread at a time. */
final class PackedRows {
  private static final int ELEMENTS = 8;

  private final TileLayout layout;
  private final QuantizedBlock block;
  private final int[] planes;

  /** Rows of a type whose quants a layout packs. */
  PackedRows(DType dtype, TileLayout layout) {
    this.layout = layout;
    this.block = new QuantizedBlock(dtype);
    this.planes = new int[layout.highBits()];
  }

  /**
   * Writes one row.
   *
   * @param blocks of a tile, of {@link TileDot#BLOCK} elements
   * @param to bytes to the tile, which is zeroed
   * @return whether all scales and offsets are finite in F16
   */
  boolean pack(
      MemorySegment source, long from, int blocks, MemorySegment target, long to, int row) {
    int blockElements = block.dtype().blockElements();
    boolean finite = true;
    for (int b = 0; b < blocks; b++) {
      int element = b * TileDot.BLOCK % blockElements;
      if (element == 0) {
        long index = (long) b * TileDot.BLOCK / blockElements;
        block.read(source, from + index * block.dtype().blockBytes());
      }
      long at = to + (long) b * layout.blockBytes();
      packQuants(element, target, at, row);
      finite &= packScales(element, target, at, row);
    }
    return finite;
  }

  private void packQuants(int first, MemorySegment target, long at, int row) {
    int highBits = layout.highBits();
    for (int eight = 0; eight < TileDot.BLOCK / ELEMENTS; eight++) {
      int low = 0;
      for (int i = 0; i < ELEMENTS; i++) {
        int quant = block.quant(first + ELEMENTS * eight + i) - layout.lowest();
        low |= (quant & 15) << (4 * i);
        if (highBits > 0) {
          int bit = highBits * (2 * eight + i % 2);
          planes[bit / 8] |= (quant >> 4) << (i / 2 * 8 + bit % 8);
        }
      }
      target.set(Layouts.INT, at + 4L * (eight * TileDot.ROWS + row), low);
    }
    for (int i = 0; i < highBits; i++) {
      long plane = at + layout.lowBytes() + (long) i * layout.planeBytes();
      target.set(Layouts.INT, plane + 4L * row, planes[i]);
      planes[i] = 0;
    }
  }

  private boolean packScales(int first, MemorySegment target, long at, int row) {
    boolean finite = true;
    int place = 4 * (row % 16) + 2 * (row / 16);
    for (int group = 0; group < layout.groups(); group++) {
      int of = first / block.groupElements() + group;
      finite &= packHalf(block.scale(of), target, at + layout.scalesAt(group) + place);
      if (layout.hasOffsets()) {
        finite &= packHalf(block.offset(of), target, at + layout.offsetsAt(group) + place);
      }
    }
    return finite;
  }

  private static boolean packHalf(float value, MemorySegment target, long at) {
    short half = Float.floatToFloat16(value);
    target.set(Layouts.SHORT, at, half);
    return Float.isFinite(Float.float16ToFloat(half));
  }
}
