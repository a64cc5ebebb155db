package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Products of one row with one or several weights in tiles. */
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
  private final Region region = this::multiply;
  private MemorySegment prepared = MemorySegment.NULL;

  TileProducts(TileDot dot, Execution execution, LeftOperand left, List<Product> products) {
    this.dot = dot;
    this.left = left;
    this.products = products.toArray(Product[]::new);
    this.tileBytes = WeightTiles.tileBytes(left.k());
    execution.reserveShared(TileDot.preparedBytes(left.k()));
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
    dot.prepare(left.segment(), left.offset(), left.k(), prepared, 0);
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
    MemorySegment scratch = worker.scratch();
    for (int tile = start; tile < end; tile++) {
      int row = tile * TileDot.ROWS;
      int rows = Math.min(TileDot.ROWS, product.n() - row);
      dot.one(product.tiles(), tile * tileBytes, left.k(), prepared, 0, scratch, 0);
      long to = product.offset() + 4L * row;
      MemorySegment.copy(scratch, 0, product.result(), to, 4L * rows);
    }
  }
}
