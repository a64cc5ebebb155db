package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Products of a few rows with one or several weights in tiles, each tile read once from memory. */
final class TileProducts implements CpuKernel {
  private static final int GROUP = 4;
  private static final int CHUNKS_PER_THREAD = 12;
  private static final long MIN_CHUNK_BYTES = 1 << 14;
  private static final long ROW_BYTES = 4L * TileDot.ROWS;

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
  private final long preparedBytes;
  private final Region region = this::multiply;
  private MemorySegment prepared = MemorySegment.NULL;

  TileProducts(TileDot dot, Execution execution, LeftOperand left, List<Product> products) {
    this.dot = dot;
    this.left = left;
    this.products = products.toArray(Product[]::new);
    this.tileBytes = WeightTiles.tileBytes(left.k());
    this.preparedBytes = TileDot.preparedBytes(left.k());
    execution.reserveShared(left.m() * preparedBytes);
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
    prepared = execution.shared();
    for (int i = 0; i < left.m(); i++) {
      long from = left.offset() + i * left.rowBytes();
      dot.prepare(left.segment(), from, left.k(), prepared, i * preparedBytes);
    }
    execution.run(region, chunks);
  }

  private void multiply(Worker worker, int chunk) {
    int which = firstChunk.length - 1;
    while (firstChunk[which] > chunk) {
      which--;
    }
    Product product = products[which];
    int start = (chunk - firstChunk[which]) * tilesPerChunk;
    int end = Math.min(tiles(product), start + tilesPerChunk);
    for (int tile = start; tile < end; tile++) {
      for (int i = 0; i < left.m(); i += GROUP) {
        multiply(worker.scratch(), product, tile, i);
      }
    }
  }

  private void multiply(MemorySegment scratch, Product product, int tile, int first) {
    int row = tile * TileDot.ROWS;
    int rows = Math.min(TileDot.ROWS, product.n() - row);
    int vectors = Math.min(GROUP, left.m() - first);
    long at = tile * tileBytes;
    long x = first * preparedBytes;
    if (vectors == 1) {
      dot.one(product.tiles(), at, left.k(), prepared, x, scratch, 0);
    } else {
      // Absent vectors repeat the last one: their sums are thrown away.
      dot.four(
          product.tiles(),
          at,
          left.k(),
          prepared,
          x,
          x + Math.min(1, vectors - 1) * preparedBytes,
          x + Math.min(2, vectors - 1) * preparedBytes,
          x + Math.min(3, vectors - 1) * preparedBytes,
          scratch,
          0,
          ROW_BYTES);
    }
    for (int v = 0; v < vectors; v++) {
      long to = product.offset() + 4L * ((long) (first + v) * product.n() + row);
      MemorySegment.copy(scratch, v * ROW_BYTES, product.result(), to, 4L * rows);
    }
  }
}
