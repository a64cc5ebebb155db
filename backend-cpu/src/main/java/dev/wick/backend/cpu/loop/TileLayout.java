package dev.wick.backend.cpu.loop;

import dev.wick.engine.tensor.DType;
import java.util.Optional;

/**
 * How a block of a tile lies in memory: {@link TileDot#ROWS} rows with {@link TileDot#BLOCK}
 * elements each. A quant is stored as an unsigned number, above the lowest one.
 *
 * <p>Quants of eight bits are words of four elements: the first word of each row, then the second,
 * and so on. Others have their low four bits in words of eight, the first element in the lowest
 * bits; then their high bits in planes, a word of which has the bits of one row: those of the
 * elements 0, 2, 4 and 6 of eight are the lowest of its four bytes, then those of 1, 3, 5 and 7,
 * then those of the next eight. After the quants come the scales in F16 of each group, row r beside
 * row r + 16, and likewise the offsets.
 *
 * @param bits of a quant: 4, 5, 6 or 8
 * @param lowest quant: 0 or a power of two below it
 * @param hasOffsets whether there is something to add to the elements
 * @param groups of a row, each with a scale: 1 or 2
 */
public record TileLayout(int bits, int lowest, boolean hasOffsets, int groups) {
  private static final int LINE = 64;

  /** The layout for a quantised type, where there is one. */
  public static Optional<TileLayout> of(DType dtype) {
    return switch (dtype) {
      case Q8_0 -> Optional.of(new TileLayout(8, -128, false, 1));
      case Q4_0 -> Optional.of(new TileLayout(4, -8, false, 1));
      case Q4_1, Q4_K -> Optional.of(new TileLayout(4, 0, true, 1));
      case Q5_0 -> Optional.of(new TileLayout(5, -16, false, 1));
      case Q5_1, Q5_K -> Optional.of(new TileLayout(5, 0, true, 1));
      case Q6_K -> Optional.of(new TileLayout(6, -32, false, 2));
      default -> Optional.empty();
    };
  }

  /** Whether low and high bits of quants are apart. */
  public boolean isPacked() {
    return bits < 8;
  }

  /** Bits of a quant that are in planes. */
  public int highBits() {
    return isPacked() ? bits - 4 : 0;
  }

  /** Bytes of the low bits, after which the first plane begins. */
  public int lowBytes() {
    return TileDot.ROWS * TileDot.BLOCK * (bits - highBits()) / 8;
  }

  /** Bytes of a plane. */
  public int planeBytes() {
    return 4 * TileDot.ROWS;
  }

  /** Bytes to the scales of a group. */
  public int scalesAt(int group) {
    return TileDot.ROWS * TileDot.BLOCK * bits / 8 + group * LINE;
  }

  /** Bytes to the offsets of a group. */
  public int offsetsAt(int group) {
    return scalesAt(groups + group);
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return scalesAt(hasOffsets ? 2 * groups : groups);
  }
}
