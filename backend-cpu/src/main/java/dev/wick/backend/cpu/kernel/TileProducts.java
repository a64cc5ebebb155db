package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Pace;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Products of a few rows with one or several weights in tiles. */
final class TileProducts implements CpuKernel {
  private static final int CHUNKS_PER_THREAD = 12;
  private static final long MIN_CHUNK_BYTES = 1 << 14;

  /**
   * A weight [n, k] in tiles and where its product goes.
   *
   * @param offset bytes to the row-major result
   */
  record Product(MemorySegment tiles, int n, MemorySegment result, long offset) {}

  private final TileDot dot;
  private final LeftOperand left;
  private final Product[] products;
  private final int[] firstChunk;
  private final int chunks;
  private final int tilesPerChunk;
  private final long tileBytes;
  private final PreparedRows rows;
  private final Region region = this::multiply;
  private final Pace pace = new Pace();

  /**
   * Binds products.
   *
   * @param dtype of the weights
   */
  TileProducts(
      TileDot dot, DType dtype, Execution execution, LeftOperand left, List<Product> products) {
    this.dot = dot;
    this.left = left;
    this.products = products.toArray(Product[]::new);
    this.tileBytes = WeightTiles.tileBytes(dtype, left.k());
    this.rows =
        new PreparedRows(
            execution, left, dot::prepare, dot.readsPlain(), dot.preparedBytes(left.k()));
    int tiles = 0;
    for (Product product : products) {
      tiles += tiles(product);
    }
    long wanted = tiles * tileBytes / ((long) CHUNKS_PER_THREAD * execution.threads());
    tilesPerChunk = Math.toIntExact(Math.max(1, Math.max(MIN_CHUNK_BYTES, wanted) / tileBytes));
    firstChunk = new int[products.size()];
    int count = 0;
    for (int i = 0; i < firstChunk.length; i++) {
      firstChunk[i] = count;
      count += (tiles(this.products[i]) + tilesPerChunk - 1) / tilesPerChunk;
    }
    chunks = count;
  }

  private static int tiles(Product product) {
    return (product.n() + TileDot.ROWS - 1) / TileDot.ROWS;
  }

  @Override
  public void run(Execution execution) {
    rows.run(execution);
    execution.run(region, chunks, pace);
  }

  private void multiply(Worker worker, int chunk) {
    int which = firstChunk.length - 1;
    while (firstChunk[which] > chunk) {
      which--;
    }
    Product product = products[which];
    int tile = (chunk - firstChunk[which]) * tilesPerChunk;
    int count = Math.min(tiles(product) - tile, tilesPerChunk);
    int whole = Math.min(count, product.n() / TileDot.ROWS - tile);
    int groups = Math.ceilDiv(left.m(), dot.maxVectors());
    for (int group = 0; group < groups; group++) {
      int first = left.m() * group / groups;
      int vectors = left.m() * (group + 1) / groups - first;
      multiply(worker.scratch(), product, tile, whole, count - whole, first, vectors);
    }
  }

  /** Products of some rows with whole tiles and, where there is one, the tile that ends early. */
  private void multiply(
      MemorySegment scratch,
      Product product,
      int tile,
      int whole,
      int partial,
      int first,
      int vectors) {
    int k = left.k();
    long x = rows.at(first);
    long rowBytes = 4L * product.n();
    long to = product.offset() + first * rowBytes + 4L * TileDot.ROWS * tile;
    long at = tile * tileBytes;
    MemorySegment y = product.result();
    if (whole > 0) {
      dot.few(
          product.tiles(),
          at,
          whole,
          k,
          vectors,
          rows.memory(),
          x,
          rows.rowBytes(),
          y,
          to,
          rowBytes,
          scratch,
          0);
    }
    if (partial > 0) {
      long sums = RowDot.SCRATCH_BYTES;
      long sumsBytes = 4L * TileDot.ROWS;
      dot.few(
          product.tiles(),
          at + whole * tileBytes,
          1,
          k,
          vectors,
          rows.memory(),
          x,
          rows.rowBytes(),
          scratch,
          sums,
          sumsBytes,
          scratch,
          0);
      for (int i = 0; i < vectors; i++) {
        long bytes = 4L * (product.n() % TileDot.ROWS);
        long last = to + i * rowBytes + whole * sumsBytes;
        MemorySegment.copy(scratch, sums + i * sumsBytes, y, last, bytes);
      }
    }
  }
}
