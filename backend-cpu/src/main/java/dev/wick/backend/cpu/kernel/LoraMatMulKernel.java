package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.Binary;
import java.lang.foreign.MemorySegment;

/**
 * Adds what low-rank adapters contribute to rows: first the short products {@code x · Aᵀ} of every
 * use and row, then their expansions by B, row by row in the order of the uses.
 */
final class LoraMatMulKernel implements CpuKernel {
  private static final int GROUP = 4;
  private static final int ROWS_PER_CHUNK = 16;
  private static final int COLUMNS_PER_CHUNK = 1024;
  private static final int RANKS_PER_CHUNK = 32;

  /** Rows up to which each is a chunk of its own, as it may have an adapter of its own. */
  private static final int FEW_ROWS = 64;

  /** Multiply-adds below which waking a thread costs more than it brings. */
  private static final long SMALL_WORK = 100_000;

  private static final long MAX_LOW_BYTES = 1L << 22;

  private final RowDot dot;
  private final RowMath math;
  private final HostTensor x;
  private final HostTensor base;
  private final HostTensor pool;
  private final AdapterUses uses;
  private final int in;
  private final int out;
  private final int slab;
  private final long lowBytes;
  private final long lowAt;
  private final int[] firstItem;
  private final Region reduceRegion = this::reduce;
  private final Region expandRegion = this::expand;

  private MemorySegment shared = MemorySegment.NULL;
  private int slabStart;
  private int slabEnd;
  private int rowsPerChunk;
  private int columnChunks;

  LoraMatMulKernel(
      InnerLoops loops,
      Execution execution,
      HostTensor x,
      HostTensor base,
      HostTensor pool,
      AdapterUses uses) {
    this.dot = loops.f32();
    this.math = loops.rows();
    this.x = x;
    this.base = base;
    this.pool = pool;
    this.uses = uses;
    this.in = x.extent(1);
    this.out = base.extent(1);
    this.lowBytes = RowDot.preparedBytes(uses.maxRank());
    long perRow = Math.max(1, uses.count() * lowBytes);
    int tokens = base.extent(0);
    this.slab = Math.clamp(MAX_LOW_BYTES / perRow, 1, Math.max(1, tokens));
    this.lowAt = RowDot.preparedBytes(uses.count());
    this.firstItem = new int[uses.count() + 1];
    execution.reserveShared(lowAt + perRow * slab);
  }

  @Override
  public void run(Execution execution) {
    long work = uses.read(pool, in, out, base.extent(0));
    if (work == 0) {
      return;
    }
    shared = execution.shared();
    for (int i = 0; i < uses.active(); i++) {
      shared.set(Layouts.FLOAT, 4L * i, uses.weight(i));
    }
    columnChunks = (out + COLUMNS_PER_CHUNK - 1) / COLUMNS_PER_CHUNK;
    for (slabStart = uses.firstRow(); slabStart < uses.endRow(); slabStart = slabEnd) {
      slabEnd = Math.min(uses.endRow(), slabStart + slab);
      int rows = slabEnd - slabStart;
      rowsPerChunk = rows <= FEW_ROWS ? 1 : ROWS_PER_CHUNK;
      int rowChunks = (rows + rowsPerChunk - 1) / rowsPerChunk;
      run(execution, reduceRegion, countItems(), work);
      run(execution, expandRegion, rowChunks * columnChunks, work);
    }
  }

  private static void run(Execution execution, Region region, int chunks, long work) {
    if (work >= SMALL_WORK) {
      execution.run(region, chunks);
      return;
    }
    for (int chunk = 0; chunk < chunks; chunk++) {
      region.run(execution.caller(), chunk);
    }
  }

  /** Divides the short products into items of some rows and some of the rank. */
  private int countItems() {
    int items = 0;
    for (int i = 0; i < uses.active(); i++) {
      firstItem[i] = items;
      int rows = Math.min(slabEnd, uses.end(i)) - Math.max(slabStart, uses.first(i));
      if (rows > 0) {
        items += ceilDiv(rows, ROWS_PER_CHUNK) * ceilDiv(uses.rank(i), RANKS_PER_CHUNK);
      }
    }
    firstItem[uses.active()] = items;
    return items;
  }

  /** Computes {@code weight * (x · Aᵀ)}. */
  private void reduce(Worker worker, int item) {
    int use = 0;
    while (firstItem[use + 1] <= item) {
      use++;
    }
    int rankChunks = ceilDiv(uses.rank(use), RANKS_PER_CHUNK);
    int number = item - firstItem[use];
    int r = number % rankChunks * RANKS_PER_CHUNK;
    int ranks = Math.min(RANKS_PER_CHUNK, uses.rank(use) - r);
    int start = Math.max(slabStart, uses.first(use)) + number / rankChunks * ROWS_PER_CHUNK;
    int end = Math.min(Math.min(slabEnd, uses.end(use)), start + ROWS_PER_CHUNK);
    long a = pool.offset() + uses.a(use) + 4L * in * r;
    MemorySegment scratch = worker.scratch();
    for (int row = start; row < end; row += GROUP) {
      int vectors = Math.min(GROUP, end - row);
      long from = x.offset() + row * x.stride(0);
      long to = low(use, row) + 4L * r;
      if (vectors == 1) {
        dot.one(pool.segment(), a, 4L * in, ranks, in, x.segment(), from, shared, to, scratch, 0);
      } else {
        dot.few(
            pool.segment(),
            a,
            4L * in,
            ranks,
            in,
            vectors,
            x.segment(),
            from,
            x.stride(0),
            shared,
            to,
            lowBytes,
            scratch,
            0);
      }
      for (int v = 0; v < vectors; v++) {
        long at = to + v * lowBytes;
        math.scale(shared, at, uses.weight(use), shared, at, ranks);
      }
    }
  }

  private long low(int use, int row) {
    return lowAt + lowBytes * ((long) use * slab + (row - slabStart));
  }

  private void expand(Worker worker, int chunk) {
    int start = slabStart + chunk / columnChunks * rowsPerChunk;
    int end = Math.min(slabEnd, start + rowsPerChunk);
    int column = chunk % columnChunks * COLUMNS_PER_CHUNK;
    int columns = Math.min(COLUMNS_PER_CHUNK, out - column);
    if (uses.anyRescale()) {
      for (int row = start; row < end; row++) {
        rescale(worker.scratch(), row, column, columns);
      }
    }
    MemorySegment numbers = pool.segment();
    MemorySegment result = base.segment();
    long from = pool.offset() + 4L * column;
    for (int i = 0; i < uses.active(); i++) {
      long b = from + uses.b(i);
      int last = Math.min(end, uses.end(i));
      for (int row = Math.max(start, uses.first(i)); row < last; row++) {
        long to = result(row, column);
        if (uses.rank(i) > 0) {
          long p = low(i, row);
          math.accumulate(shared, p, numbers, b, 4L * out, uses.rank(i), columns, result, to);
        }
        if (uses.bias(i) >= 0) {
          long bias = from + uses.bias(i);
          math.accumulate(shared, 4L * i, numbers, bias, 0, 1, columns, result, to);
        }
      }
    }
  }

  /**
   * Multiplies a row by one plus the sum of what the uses rescale it by, before anything is added.
   */
  private void rescale(MemorySegment scratch, int row, int column, int columns) {
    boolean any = false;
    for (int i = 0; i < uses.active(); i++) {
      if (uses.rescale(i) >= 0 && row >= uses.first(i) && row < uses.end(i)) {
        if (!any) {
          scratch.asSlice(0, 4L * columns).fill((byte) 0);
          any = true;
        }
        long factor = pool.offset() + uses.rescale(i) + 4L * column;
        math.accumulate(shared, 4L * i, pool.segment(), factor, 0, 1, columns, scratch, 0);
      }
    }
    if (any) {
      MemorySegment result = base.segment();
      long at = result(row, column);
      math.binary(Binary.Kind.MUL, scratch, 0, false, result, at, false, scratch, 0, columns);
      math.binary(Binary.Kind.ADD, result, at, false, scratch, 0, false, result, at, columns);
    }
  }

  private long result(int row, int column) {
    return base.offset() + row * base.stride(0) + 4L * column;
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
