package dev.wick.backend.cpu.gemm;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.FloatTileDot;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The right operand {@code [k, n]} of a product: F32, BF16 or F16, with any strides, or quantised.
 * The usual one is the transposed view of a row-major weight {@code [n, k]}, whose {@code rowBytes}
 * is one element.
 *
 * @param offset bytes to element (0, 0)
 * @param rowBytes bytes between elements that follow each other along k
 * @param columnBytes bytes between elements that follow each other along n
 * @param blocks what expands quantised elements; null for other types
 * @param tiles the same weight in tiles; null if there are none
 */
public record RightOperand(
    MemorySegment segment,
    DType dtype,
    long offset,
    long rowBytes,
    long columnBytes,
    int k,
    int n,
    @Nullable BlockRows blocks,
    @Nullable Tiles tiles) {
  /** Tiles of a quantised operand, and what expands them. */
  public record Tiles(FloatTileDot dot, MemorySegment segment) {}

  /** In the place of the stride along which a quantised operand has its blocks. */
  public static final long IN_BLOCKS = 0;

  /** An operand in F32, BF16 or F16. */
  public RightOperand(
      MemorySegment segment,
      DType dtype,
      long offset,
      long rowBytes,
      long columnBytes,
      int k,
      int n) {
    this(segment, dtype, offset, rowBytes, columnBytes, k, n, null, null);
  }

  /** A quantised operand: one of the strides is {@link #IN_BLOCKS}. */
  public static RightOperand ofBlocks(
      MemorySegment segment,
      DType dtype,
      long offset,
      long rowBytes,
      long columnBytes,
      int k,
      int n,
      BlockRows blocks) {
    return new RightOperand(segment, dtype, offset, rowBytes, columnBytes, k, n, blocks, null);
  }

  /** This operand [k, n], quantised along k, with its tiles. */
  public RightOperand withTiles(Tiles its) {
    return new RightOperand(segment, dtype, offset, rowBytes, columnBytes, k, n, blocks, its);
  }

  /** Elements along k of which a packed panel has a multiple, but for the last one. */
  int depthUnit() {
    return blocks != null && rowBytes == IN_BLOCKS ? dtype.blockElements() : 8;
  }

  /** Bytes that {@link #pack} takes for a panel in its stored type. */
  long wordsBytes(int depth, int width) {
    long words = 2L * depth * width;
    return blocks == null
        ? words
        : Math.max(words, 8L * Math.max(depth, width + 2L * dtype.blockElements()));
  }

  /**
   * Packs columns {@code [column, column + tile.columns())} and rows {@code [row, row + depth)} as
   * {@code [depth][columns]} F32, zero beyond either extent.
   *
   * @param depth even
   * @param words room for the packed panel in its stored type
   */
  public void pack(
      GemmTile tile,
      int column,
      int row,
      int depth,
      MemorySegment target,
      long targetOffset,
      MemorySegment words,
      long wordsOffset) {
    if (blocks != null) {
      packBlocks(
          blocks, tile.columns(), column, row, depth, target, targetOffset, words, wordsOffset);
      return;
    }
    int width = tile.columns();
    int present = Math.min(depth, k - row);
    boolean inner = column + width <= n && present == depth;
    int elementBytes = dtype.blockBytes();
    long from = offset + row * rowBytes + column * columnBytes;
    if (rowBytes == elementBytes && inner && dtype == DType.F32) {
      transposeWords(from, depth / 2, width, target, targetOffset);
      return;
    }
    if (rowBytes == elementBytes && inner && depth % 4 == 0) {
      transposeWords(from, depth / 4, width, words, wordsOffset);
      tile.widenPairs(words, wordsOffset, target, targetOffset, depth / 2, dtype == DType.F16);
      return;
    }
    if (columnBytes == elementBytes && column + width <= n) {
      tile.widenRows(segment, dtype, from, rowBytes, target, targetOffset, present);
      target
          .asSlice(targetOffset + 4L * present * width, 4L * (depth - present) * width)
          .fill((byte) 0);
      return;
    }
    if (!inner) {
      target.asSlice(targetOffset, 4L * depth * width).fill((byte) 0);
    }
    packSlowly(from, present, Math.min(width, n - column), width, target, targetOffset);
  }

  /**
   * Plans to read what {@link #pack} will.
   *
   * @return whether there is a plan; there is none for unusual strides
   */
  boolean planReading(
      PanelProduct code, int column, int width, int row, int depth, MemorySegment plan, long at) {
    if (blocks != null) {
      if (rowBytes != IN_BLOCKS) {
        return false;
      }
      if (tiles != null) {
        long tileBytes = (long) k / FloatTileDot.BLOCK * FloatTileDot.BLOCK_BYTES;
        long first = column / FloatTileDot.ROWS * tileBytes;
        long ofRow = (long) row / FloatTileDot.BLOCK * FloatTileDot.BLOCK_BYTES;
        long bytes = (long) depth / FloatTileDot.BLOCK * FloatTileDot.BLOCK_BYTES;
        int count = (width + FloatTileDot.ROWS - 1) / FloatTileDot.ROWS;
        code.planReading(tiles.segment(), first + ofRow, tileBytes, count, bytes, plan, at);
        return true;
      }
      long from = offset + column * columnBytes + dtype.byteSize(row);
      code.planReading(segment, from, columnBytes, width, dtype.byteSize(depth), plan, at);
      return true;
    }
    int elementBytes = dtype.blockBytes();
    long from = offset + row * rowBytes + column * columnBytes;
    if (rowBytes == elementBytes) {
      code.planReading(segment, from, columnBytes, width, rowBytes * depth, plan, at);
      return true;
    }
    if (columnBytes == elementBytes) {
      code.planReading(segment, from, rowBytes, depth, columnBytes * width, plan, at);
      return true;
    }
    return false;
  }

  private void packBlocks(
      BlockRows expand,
      int width,
      int column,
      int row,
      int depth,
      MemorySegment target,
      long to,
      MemorySegment words,
      long at) {
    int present = Math.min(depth, k - row);
    int columns = Math.min(width, n - column);
    if (present < depth || columns < width) {
      target.asSlice(to, 4L * depth * width).fill((byte) 0);
    }
    if (tiles != null && width % FloatTileDot.ROWS == 0) {
      packTiles(tiles, column, row, present, columns, false, target, to, 4L * width);
      return;
    }
    if (rowBytes == IN_BLOCKS) {
      long from = offset + dtype.byteSize(row) + column * columnBytes;
      for (int j = 0; j < columns; j += 2) {
        // Without a second row the first is there twice, beside the panel's zeros.
        expand.widen(dtype, segment, from + j * columnBytes, present, words, at);
        long second = at;
        if (j + 1 < columns) {
          second = at + 4L * present;
          expand.widen(dtype, segment, from + (j + 1) * columnBytes, present, words, second);
        }
        Panels.transposeTwo(words, at, second, present / 2, target, to + 4L * j, 4L * width);
      }
      return;
    }
    int block = dtype.blockElements();
    int first = column - column % block;
    int elements = (column + columns - first + block - 1) / block * block;
    for (int p = 0; p < present; p++) {
      long from = offset + (row + p) * rowBytes + dtype.byteSize(first);
      expand.widen(dtype, segment, from, elements, words, at);
      long panelRow = to + 4L * width * p;
      MemorySegment.copy(words, at + 4L * (column - first), target, panelRow, 4L * columns);
    }
  }

  /**
   * Expands columns from tiles, {@code depth} elements of each.
   *
   * @param pairs whether two elements become a word of two BF16, instead of one an F32
   * @param step bytes between rows of words in the target
   */
  void packTiles(
      Tiles its,
      int column,
      int row,
      int depth,
      int columns,
      boolean pairs,
      MemorySegment target,
      long to,
      long step) {
    long block = (long) row / FloatTileDot.BLOCK * FloatTileDot.BLOCK_BYTES;
    long tileBytes = (long) k / FloatTileDot.BLOCK * FloatTileDot.BLOCK_BYTES;
    int count = depth / FloatTileDot.BLOCK;
    for (int j = 0; j < columns; j += FloatTileDot.ROWS) {
      long at = (column + j) / FloatTileDot.ROWS * tileBytes + block;
      if (pairs) {
        its.dot().expandPairs(its.segment(), at, count, target, to + 4L * j, step);
      } else {
        its.dot().expand(its.segment(), at, count, target, to + 4L * j, step);
      }
    }
  }

  /** Expands columns of a transposed quantised operand to rows of {@code depth} F32. */
  void widenRows(int column, int columns, int row, int depth, MemorySegment target, long to) {
    long from = offset + dtype.byteSize(row) + column * columnBytes;
    Objects.requireNonNull(blocks, "blocks")
        .widenRows(dtype, segment, from, columnBytes, columns, depth, target, to);
  }

  /**
   * Transposes 32-bit words, two weight rows at a time: F32 elements, or pairs of 16-bit elements
   * that vector code then widens without crossing lanes.
   */
  private void transposeWords(long from, int longs, int width, MemorySegment words, long to) {
    long step = 4L * width;
    for (int j = 0; j < width; j += 2) {
      long a = from + j * columnBytes;
      Panels.transposeTwo(segment, a, a + columnBytes, longs, words, to + 4L * j, step);
    }
  }

  private void packSlowly(
      long from, int depth, int columns, int width, MemorySegment target, long to) {
    for (int p = 0; p < depth; p++) {
      long row = from + p * rowBytes;
      long at = to + 4L * p * width;
      switch (dtype) {
        case F32 -> {
          for (int j = 0; j < columns; j++) {
            target.set(
                Layouts.FLOAT, at + 4L * j, segment.get(Layouts.FLOAT, row + j * columnBytes));
          }
        }
        case BF16 -> {
          for (int j = 0; j < columns; j++) {
            target.set(
                Layouts.INT, at + 4L * j, segment.get(Layouts.SHORT, row + j * columnBytes) << 16);
          }
        }
        case F16 -> {
          for (int j = 0; j < columns; j++) {
            float value = Float.float16ToFloat(segment.get(Layouts.SHORT, row + j * columnBytes));
            target.set(Layouts.FLOAT, at + 4L * j, value);
          }
        }
        default ->
            throw new IllegalStateException("mat_mul: expected F32, BF16 or F16, got " + dtype);
      }
    }
  }
}
