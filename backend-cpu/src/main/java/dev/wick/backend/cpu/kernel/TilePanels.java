package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.loop.FloatTileDot;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Products of a few rows with weights in tiles: a panel of columns is expanded a piece at a time,
 * small enough for the first-level cache, and multiplied with all rows before the next.
 */
final class TilePanels implements CpuKernel {
  private static final int DEPTH = 128;

  private final GemmTile tile;
  private final FloatTileDot dot;
  private final LeftOperand left;
  private final TileProducts.Product[] products;
  private final int[] firstPanel;
  private final int panels;
  private final int groups;
  private final long groupBytes;
  private final long rowBytes;
  private final long sumsAt;
  private final long zerosAt;
  private final Region region = this::multiply;
  private MemorySegment packed = MemorySegment.NULL;

  TilePanels(
      GemmTile tile,
      FloatTileDot dot,
      Execution execution,
      LeftOperand left,
      List<TileProducts.Product> products) {
    this.tile = tile;
    this.dot = dot;
    this.left = left;
    this.products = products.toArray(TileProducts.Product[]::new);
    this.groups = (left.m() + GemmTile.ROWS - 1) / GemmTile.ROWS;
    this.groupBytes = 4L * GemmTile.ROWS * left.k();
    this.rowBytes = 4L * tile.columns();
    this.sumsAt = rowBytes * DEPTH;
    this.zerosAt = sumsAt + rowBytes * GemmTile.ROWS * groups;
    execution.reserveShared(groups * groupBytes);
    this.firstPanel = new int[products.size()];
    int count = 0;
    for (int i = 0; i < firstPanel.length; i++) {
      firstPanel[i] = count;
      count += (this.products[i].n() + tile.columns() - 1) / tile.columns();
    }
    this.panels = count;
  }

  /** Whether panels are made of whole tiles, and the sums of all rows fit in a worker's scratch. */
  static boolean fits(GemmTile tile, int rows) {
    return tile.columns() % FloatTileDot.ROWS == 0
        && 4L * tile.columns() * (DEPTH + rows + 2L * GemmTile.ROWS) <= Worker.SCRATCH_BYTES;
  }

  @Override
  public void run(Execution execution) {
    packed = execution.shared();
    for (int group = 0; group < groups; group++) {
      left.packRows(group * GemmTile.ROWS, packed, group * groupBytes);
    }
    execution.run(region, panels);
  }

  private void multiply(Worker worker, int panel) {
    int which = firstPanel.length - 1;
    while (firstPanel[which] > panel) {
      which--;
    }
    TileProducts.Product product = products[which];
    int column = (panel - firstPanel[which]) * tile.columns();
    int columns = Math.min(tile.columns(), product.n() - column);
    MemorySegment scratch = worker.scratch();
    // Tiles that are not there leave their columns as they are: their sums are never read.
    scratch.asSlice(zerosAt, rowBytes).fill((byte) 0);
    for (int k = 0; k < left.k(); k += DEPTH) {
      int depth = Math.min(DEPTH, left.k() - k);
      expand(product, column, columns, k, depth, scratch);
      for (int group = 0; group < groups; group++) {
        long a = group * groupBytes + 4L * GemmTile.ROWS * k;
        long sums = sumsAt + rowBytes * GemmTile.ROWS * group;
        boolean first = k == 0;
        tile.multiply(
            packed,
            a,
            scratch,
            0,
            depth,
            scratch,
            first ? zerosAt : sums,
            first ? 0 : rowBytes,
            scratch,
            sums,
            rowBytes);
      }
    }
    for (int row = 0; row < left.m(); row++) {
      long to = product.offset() + 4L * ((long) row * product.n() + column);
      MemorySegment.copy(scratch, sumsAt + rowBytes * row, product.result(), to, 4L * columns);
    }
  }

  private void expand(
      TileProducts.Product product,
      int column,
      int columns,
      int k,
      int depth,
      MemorySegment scratch) {
    long tileBytes = WeightTiles.tileBytes(DType.Q4_0, left.k());
    long block = (long) k / FloatTileDot.BLOCK * FloatTileDot.BLOCK_BYTES;
    for (int j = 0; j < columns; j += FloatTileDot.ROWS) {
      long at = (column + j) / FloatTileDot.ROWS * tileBytes + block;
      dot.expand(product.tiles(), at, depth / FloatTileDot.BLOCK, scratch, 4L * j, rowBytes);
    }
  }
}
