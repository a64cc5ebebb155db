package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes rows of blocks into tiles with low bits and planes, eight elements at a time: quants of
 * such types are stored above their lowest value, as tiles have them, so that bits only move.
 */
final class PackedRows {
  private static final int EIGHTS = TileDot.BLOCK / 8;
  private static final long LOW_HALVES = 0x0f0f0f0f0f0f0f0fL;
  private static final int NOT_FINITE = 0x7c00;

  private final DType dtype;
  private final TileLayout layout;
  private final int parts;

  /** Rows of a type whose quants a layout packs. */
  PackedRows(DType dtype, TileLayout layout) {
    this.dtype = dtype;
    this.layout = layout;
    this.parts = dtype.blockElements() / TileDot.BLOCK;
  }

  /**
   * Writes one row.
   *
   * @param blocks of a tile, of {@link TileDot#BLOCK} elements
   * @param to bytes to the tile
   * @return whether all scales and offsets are finite in F16
   */
  boolean pack(
      MemorySegment source, long from, int blocks, MemorySegment target, long to, int row) {
    boolean finite = true;
    for (int b = 0; b < blocks; b++) {
      long block = from + (long) (b / parts) * dtype.blockBytes();
      long at = to + (long) b * layout.blockBytes();
      int part = b % parts;
      if (parts == 1) {
        packSmall(source, block, target, at + 4L * row);
      } else {
        packPart(source, block, part, target, at + 4L * row);
      }
      long scales = at + 4L * (row % 16) + 2L * (row / 16);
      finite &=
          switch (dtype) {
            case Q4_K, Q5_K -> packSixBitScales(source, block, part, target, scales);
            case Q6_K -> packByteScales(source, block, part, target, scales);
            default -> packStoredScales(source, block, target, scales);
          };
    }
    return finite;
  }

  /** A block of 32: scales, fifth bits if there are any, the low halves of 16 bytes, the others. */
  private void packSmall(MemorySegment source, long block, MemorySegment target, long at) {
    long quants = block + dtype.blockBytes() - TileDot.BLOCK / 2;
    for (int i = 0; i < 2; i++) {
      long bytes = source.get(Layouts.LONG, quants + 8L * i);
      target.set(Layouts.INT, at + lowWord(i), halves(bytes));
      target.set(Layouts.INT, at + lowWord(i + 2), halves(bytes >>> 4));
    }
    if (layout.highBits() > 0) {
      int bits = source.get(Layouts.INT, quants - 4);
      target.set(Layouts.INT, at + layout.lowBytes(), transposedPairs(bits));
    }
  }

  /** A part of a block of 256. */
  private void packPart(MemorySegment source, long block, int part, MemorySegment target, long at) {
    long low = block;
    int lowShift;
    switch (dtype) {
      case Q4_K, Q5_K -> {
        low += (dtype == DType.Q4_K ? 16 : 48) + 32 * (part / 2);
        lowShift = 4 * (part % 2);
      }
      default -> {
        low += 64 * (part / 4) + 32 * (part % 2);
        lowShift = part % 4 / 2 * 4;
      }
    }
    for (int i = 0; i < EIGHTS; i++) {
      long bytes = source.get(Layouts.LONG, low + 8L * i) >>> lowShift;
      target.set(Layouts.INT, at + lowWord(i), halves(bytes));
    }
    if (dtype == DType.Q5_K) {
      packFifthBits(source, block + 16, part, target, at + layout.lowBytes());
    } else if (dtype == DType.Q6_K) {
      packTopBits(source, block + 128 + 32L * (part / 4), part % 4, target, at + layout.lowBytes());
    }
  }

  /** The bit of a part in each of 32 bytes. */
  private static void packFifthBits(
      MemorySegment source, long bits, int part, MemorySegment target, long at) {
    long plane = 0;
    for (int i = 0; i < EIGHTS; i++) {
      long bytes = (source.get(Layouts.LONG, bits + 8L * i) >>> part) & 0x0101010101010101L;
      plane |= ((bytes | (bytes >>> 7)) & 0x0003000300030003L) << (2 * i);
    }
    target.set(Layouts.INT, at, evenBytes(plane));
  }

  /** The two bits of a part in each of 32 bytes. */
  private void packTopBits(
      MemorySegment source, long bits, int part, MemorySegment target, long at) {
    for (int half = 0; half < 2; half++) {
      long plane = 0;
      for (int i = 0; i < 2; i++) {
        long from = bits + 16L * half + 8L * i;
        long bytes = (source.get(Layouts.LONG, from) >>> (2 * part)) & 0x0303030303030303L;
        plane |= ((bytes | (bytes >>> 6)) & 0x000f000f000f000fL) << (4 * i);
      }
      target.set(Layouts.INT, at + (long) half * layout.planeBytes(), evenBytes(plane));
    }
  }

  private static long lowWord(int eight) {
    return (long) eight * 4 * TileDot.ROWS;
  }

  /** The low halves of eight bytes, beside each other. */
  private static int halves(long bytes) {
    long low = bytes & LOW_HALVES;
    return evenBytes((low | (low >>> 4)) & 0x00ff00ff00ff00ffL);
  }

  /** Every second byte, where the others are 0. */
  private static int evenBytes(long bytes) {
    long words = (bytes | (bytes >>> 8)) & 0x0000ffff0000ffffL;
    return (int) (words | (words >>> 16));
  }

  /** Four bytes of four pairs of bits each, transposed. */
  private static int transposedPairs(int bits) {
    int swapped = (bits ^ (bits >>> 6)) & 0x00cc00cc;
    int near = bits ^ swapped ^ (swapped << 6);
    int far = (near ^ (near >>> 12)) & 0x0000f0f0;
    return near ^ far ^ (far << 12);
  }

  private boolean packStoredScales(
      MemorySegment source, long block, MemorySegment target, long at) {
    boolean finite = packHalf(source.get(Layouts.SHORT, block), target, at + layout.scalesAt(0));
    if (layout.hasOffsets()) {
      finite &= packHalf(source.get(Layouts.SHORT, block + 2), target, at + layout.offsetsAt(0));
    }
    return finite;
  }

  /** Products of the scale and minimum of a block with those of a part, six bits each. */
  private boolean packSixBitScales(
      MemorySegment source, long block, int part, MemorySegment target, long at) {
    int shift = part % 4 * Byte.SIZE;
    int first = source.get(Layouts.INT, block + 4) >>> shift;
    int second = source.get(Layouts.INT, block + 8) >>> shift;
    int third = source.get(Layouts.INT, block + 12) >>> shift;
    int scale = part < 4 ? first & 63 : (third & 15) | ((first >>> 2) & 48);
    int min = part < 4 ? second & 63 : ((third >>> 4) & 15) | ((second >>> 2) & 48);
    float ofScales = Float.float16ToFloat(source.get(Layouts.SHORT, block));
    float ofMins = Float.float16ToFloat(source.get(Layouts.SHORT, block + 2));
    boolean finite =
        packHalf(Float.floatToFloat16(ofScales * scale), target, at + layout.scalesAt(0));
    finite &= packHalf(Float.floatToFloat16(-(ofMins * min)), target, at + layout.offsetsAt(0));
    return finite;
  }

  private boolean packByteScales(
      MemorySegment source, long block, int part, MemorySegment target, long at) {
    float ofScales = Float.float16ToFloat(source.get(Layouts.SHORT, block + 208));
    boolean finite = true;
    for (int group = 0; group < 2; group++) {
      int scale = source.get(ValueLayout.JAVA_BYTE, block + 192 + 2L * part + group);
      short half = Float.floatToFloat16(ofScales * scale);
      finite &= packHalf(half, target, at + layout.scalesAt(group));
    }
    return finite;
  }

  private static boolean packHalf(short half, MemorySegment target, long at) {
    target.set(Layouts.SHORT, at, half);
    return (half & NOT_FINITE) != NOT_FINITE;
  }
}
