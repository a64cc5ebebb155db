package dev.wick.backend.cpu.gemm;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Blocked product of one left operand with one or several right operands.
 *
 * <p>Bound once, run often; running allocates nothing.
 */
public final class Gemm {
  /*
   * Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication", with one difference: a chunk is one
   * column panel of a right operand times (a part of) the rows, so that the panel is unpacked to F32 by the thread that
   * uses it, into its own second-level cache, and weights in BF16 or F16 never exist in F32 as a whole.
   */
  private static final int MAX_DEPTH = 384;
  private static final int MAX_ROWS = 512;
  private static final int MIN_PART_ROWS = 64;
  private static final int PACK_TILES = 8;

  /** Rows from which on a product is bound by arithmetic. */
  private static final int COMPUTING_ROWS = 48;

  /**
   * One right operand and its row-major result.
   *
   * @param offset bytes to element (0, 0) of the result
   * @param rowBytes bytes between rows of the result
   */
  public record Product(RightOperand right, MemorySegment result, long offset, long rowBytes) {}

  private final GemmTile tile;
  private final LeftOperand left;
  private final Product[] products;
  private final int[] firstPanel;
  private final int panels;
  private final int depthStep;
  private final int rowStep;
  private final int parts;
  private final long wordsOffset;
  private final long edgeOffset;
  private final long edgeRowBytes;
  private final long zerosOffset;
  private final Region packRegion = this::packLeft;
  private final Region multiplyRegion = this::multiply;

  private MemorySegment packed = MemorySegment.NULL;
  private int row;
  private int rows;
  private int column;
  private int depth;

  /** Binds the operands. */
  public Gemm(GemmTile tile, Execution execution, LeftOperand left, List<Product> products) {
    this.tile = tile;
    this.left = left;
    this.products = products.toArray(Product[]::new);
    this.firstPanel = new int[products.size()];
    int count = 0;
    for (int i = 0; i < firstPanel.length; i++) {
      firstPanel[i] = count;
      count += ceilDiv(this.products[i].right().n(), tile.columns());
    }
    panels = count;
    int blocks = Math.max(1, ceilDiv(left.k(), MAX_DEPTH));
    int unit = 8;
    for (Product product : products) {
      unit = Math.max(unit, product.right().depthUnit());
    }
    depthStep = depthStep(ceilDiv(left.k(), blocks), unit);
    int rowBlocks = Math.max(1, ceilDiv(left.m(), MAX_ROWS));
    rowStep = (ceilDiv(left.m(), rowBlocks) + GemmTile.ROWS - 1) & -GemmTile.ROWS;
    parts =
        Math.max(
            1,
            Math.min(
                rowStep / MIN_PART_ROWS, ceilDiv(4 * execution.threads(), Math.max(1, panels))));
    long panelBytes = 4L * depthStep * tile.columns();
    wordsOffset = panelBytes;
    long wordsBytes = 0;
    for (Product product : products) {
      wordsBytes = Math.max(wordsBytes, product.right().wordsBytes(depthStep, tile.columns()));
    }
    edgeOffset = (wordsOffset + wordsBytes + 63) & -64;
    edgeRowBytes = 4L * tile.columns();
    zerosOffset = edgeOffset + GemmTile.ROWS * edgeRowBytes;
    execution.reserveShared(4L * rowStep * depthStep);
  }

  /** At least the wanted depth in whole units, but no deeper than a panel may be. */
  private static int depthStep(int wanted, int unit) {
    int rounded = ceilDiv(wanted, unit) * unit;
    return Math.max(unit, rounded > MAX_DEPTH ? MAX_DEPTH / unit * unit : rounded);
  }

  /** Computes every product. */
  public void run(Execution execution) {
    packed = execution.shared();
    for (row = 0; row < left.m(); row += rowStep) {
      rows = Math.min(rowStep, left.m() - row);
      int tiles = ceilDiv(rows, GemmTile.ROWS);
      for (column = 0; column < left.k(); column += depthStep) {
        // Even, so that 16-bit elements come in pairs; the padding is zero on both sides.
        depth = (Math.min(depthStep, left.k() - column) + 1) & -2;
        execution.run(packRegion, ceilDiv(tiles, PACK_TILES));
        run(execution, multiplyRegion, panels * parts, rows);
      }
    }
  }

  static void run(Execution execution, Region region, int chunks, int rows) {
    if (rows < COMPUTING_ROWS) {
      execution.run(region, chunks);
    } else {
      execution.compute(region, chunks);
    }
  }

  private void packLeft(Worker worker, int chunk) {
    int end = Math.min((chunk + 1) * PACK_TILES, ceilDiv(rows, GemmTile.ROWS));
    for (int t = chunk * PACK_TILES; t < end; t++) {
      left.pack(row + t * GemmTile.ROWS, column, depth, packed, 16L * t * depth);
    }
  }

  private void multiply(Worker worker, int chunk) {
    int panel = chunk / parts;
    int part = chunk % parts;
    int which = firstPanel.length - 1;
    while (firstPanel[which] > panel) {
      which--;
    }
    Product product = products[which];
    int j = (panel - firstPanel[which]) * tile.columns();
    MemorySegment scratch = worker.scratch();
    product.right().pack(tile, j, column, depth, scratch, 0, scratch, wordsOffset);

    scratch.asSlice(zerosOffset, edgeRowBytes).fill((byte) 0);
    int tiles = ceilDiv(rows, GemmTile.ROWS);
    int width = Math.min(tile.columns(), product.right().n() - j);
    long rowBytes = product.rowBytes();
    boolean accumulate = column > 0;
    for (int t = tiles * part / parts; t < tiles * (part + 1) / parts; t++) {
      int height = Math.min(GemmTile.ROWS, rows - t * GemmTile.ROWS);
      long at = product.offset() + (row + t * GemmTile.ROWS) * rowBytes + 4L * j;
      long a = 16L * t * depth;
      MemorySegment result = product.result();
      if (width < tile.columns() || height < GemmTile.ROWS) {
        tile.multiply(
            packed,
            a,
            scratch,
            0,
            depth,
            scratch,
            zerosOffset,
            0,
            scratch,
            edgeOffset,
            edgeRowBytes);
        addEdge(scratch, result, at, rowBytes, height, width, accumulate);
      } else if (accumulate) {
        tile.multiply(packed, a, scratch, 0, depth, result, at, rowBytes, result, at, rowBytes);
      } else {
        tile.multiply(packed, a, scratch, 0, depth, scratch, zerosOffset, 0, result, at, rowBytes);
      }
    }
  }

  private void addEdge(
      MemorySegment edge,
      MemorySegment result,
      long offset,
      long rowBytes,
      int height,
      int width,
      boolean accumulate) {
    for (int i = 0; i < height; i++) {
      for (int j = 0; j < width; j++) {
        long at = offset + i * rowBytes + 4L * j;
        float value = edge.get(Layouts.FLOAT, edgeOffset + i * edgeRowBytes + 4L * j);
        result.set(Layouts.FLOAT, at, accumulate ? value + result.get(Layouts.FLOAT, at) : value);
      }
    }
  }

  static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
