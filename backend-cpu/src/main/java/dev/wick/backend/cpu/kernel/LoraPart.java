package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.Binary;
import java.lang.foreign.MemorySegment;

/**
 * What low-rank adapters add to one product, divided into items that compute the short products
 * {@code x · Aᵀ} of every use and row, and chunks that expand them by B, row by row in the order of
 * the uses.
 */
final class LoraPart {
  private static final int GROUP = 4;
  private static final int ROWS_PER_CHUNK = 16;
  private static final int COLUMNS_PER_CHUNK = 1024;
  private static final int RANKS_PER_ITEM = 32;

  /** Rows up to which each is a chunk of its own, as it may have an adapter of its own. */
  private static final int FEW_ROWS = 64;

  private final RowDot dot;
  private final RowMath math;
  private final HostTensor x;
  private final HostTensor base;
  private final HostTensor pool;
  private final AdapterUses uses;
  private final int in;
  private final int out;
  private final long lowBytes;
  private final int columnChunks;
  private final int[] firstItem;

  private long weightsAt;
  private long lowAt;
  private int slab;

  private MemorySegment memory = MemorySegment.NULL;
  private int start;
  private int end;
  private int rowsPerChunk;

  LoraPart(InnerLoops loops, HostTensor x, HostTensor base, HostTensor pool, AdapterUses uses) {
    this.dot = loops.f32();
    this.math = loops.rows();
    this.x = x;
    this.base = base;
    this.pool = pool;
    this.uses = uses;
    this.in = x.extent(1);
    this.out = base.extent(1);
    this.lowBytes = RowDot.preparedBytes(uses.maxRank());
    this.columnChunks = ceilDiv(out, COLUMNS_PER_CHUNK);
    this.firstItem = new int[uses.count() + 1];
  }

  int tokens() {
    return base.extent(0);
  }

  /** Bytes of the short products of a row. */
  long bytesPerRow() {
    return uses.count() * lowBytes;
  }

  /**
   * Chooses places for the short products of up to {@code rows} rows at a time and for the weights
   * of the uses, and returns how many bytes they take.
   */
  long reserve(long at, int rows) {
    weightsAt = at;
    slab = rows;
    long weights = RowDot.preparedBytes(uses.count());
    lowAt = at + weights;
    return weights + bytesPerRow() * rows;
  }

  /** Reads which adapters are used on which rows. */
  void read(MemorySegment shared) {
    memory = shared;
    uses.read(pool, in, out, base.extent(0));
    for (int i = 0; i < uses.active(); i++) {
      memory.set(Layouts.FLOAT, weightsAt + 4L * i, uses.weight(i));
    }
  }

  /** First row that any use has. */
  int firstRow() {
    return uses.firstRow();
  }

  /** Row after the last that any use has. */
  int endRow() {
    return uses.endRow();
  }

  /** Goes to some rows, no more than were reserved. */
  void enter(int first, int last) {
    start = Math.max(first, uses.firstRow());
    end = Math.max(start, Math.min(last, uses.endRow()));
    rowsPerChunk = end - start <= FEW_ROWS ? 1 : ROWS_PER_CHUNK;
    int items = 0;
    for (int i = 0; i < uses.active(); i++) {
      firstItem[i] = items;
      items += ceilDiv(rows(i), ROWS_PER_CHUNK) * ceilDiv(uses.rank(i), RANKS_PER_ITEM);
    }
    firstItem[uses.active()] = items;
  }

  /** Rows of a use among those that were entered. */
  private int rows(int use) {
    return Math.max(0, Math.min(end, uses.end(use)) - Math.max(start, uses.first(use)));
  }

  /** Number of items of short products, each of some rows and some of the rank. */
  int items() {
    return firstItem[uses.active()];
  }

  /** Number of chunks of expansions. */
  int chunks() {
    return ceilDiv(end - start, rowsPerChunk) * columnChunks;
  }

  /** Multiply-adds of the short products. */
  long reduceWork() {
    long work = 0;
    for (int i = 0; i < uses.active(); i++) {
      work += (long) rows(i) * uses.rank(i) * in;
    }
    return work;
  }

  /** Multiply-adds of the expansions. */
  long expandWork() {
    long work = 0;
    for (int i = 0; i < uses.active(); i++) {
      work += (long) rows(i) * (uses.rank(i) + 1) * out;
    }
    return work;
  }

  /** Computes {@code weight * (x · Aᵀ)}. */
  void reduce(Worker worker, int item) {
    int use = 0;
    while (firstItem[use + 1] <= item) {
      use++;
    }
    int rankItems = ceilDiv(uses.rank(use), RANKS_PER_ITEM);
    int number = item - firstItem[use];
    int r = number % rankItems * RANKS_PER_ITEM;
    int ranks = Math.min(RANKS_PER_ITEM, uses.rank(use) - r);
    int first = Math.max(start, uses.first(use)) + number / rankItems * ROWS_PER_CHUNK;
    int last = Math.min(Math.min(end, uses.end(use)), first + ROWS_PER_CHUNK);
    long a = pool.offset() + uses.a(use) + 4L * in * r;
    MemorySegment scratch = worker.scratch();
    for (int row = first; row < last; row += GROUP) {
      int vectors = Math.min(GROUP, last - row);
      long from = x.offset() + row * x.stride(0);
      long to = low(use, row) + 4L * r;
      if (vectors == 1) {
        dot.one(pool.segment(), a, 4L * in, ranks, in, x.segment(), from, memory, to, scratch, 0);
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
            memory,
            to,
            lowBytes,
            scratch,
            0);
      }
      for (int v = 0; v < vectors; v++) {
        long at = to + v * lowBytes;
        math.scale(memory, at, uses.weight(use), memory, at, ranks);
      }
    }
  }

  private long low(int use, int row) {
    return lowAt + lowBytes * ((long) use * slab + row % slab);
  }

  /** Adds to some columns of some rows what the uses give. */
  void expand(Worker worker, int chunk) {
    int first = start + chunk / columnChunks * rowsPerChunk;
    int last = Math.min(end, first + rowsPerChunk);
    int column = chunk % columnChunks * COLUMNS_PER_CHUNK;
    int columns = Math.min(COLUMNS_PER_CHUNK, out - column);
    if (uses.anyRescale()) {
      for (int row = first; row < last; row++) {
        rescale(worker.scratch(), row, column, columns);
      }
    }
    MemorySegment numbers = pool.segment();
    MemorySegment result = base.segment();
    long from = pool.offset() + 4L * column;
    for (int i = 0; i < uses.active(); i++) {
      long b = from + uses.b(i);
      int endOfUse = Math.min(last, uses.end(i));
      for (int row = Math.max(first, uses.first(i)); row < endOfUse; row++) {
        long to = result(row, column);
        if (uses.rank(i) > 0) {
          long p = low(i, row);
          math.accumulate(memory, p, numbers, b, 4L * out, uses.rank(i), columns, result, to);
        }
        if (uses.bias(i) >= 0) {
          long bias = from + uses.bias(i);
          math.accumulate(memory, weight(i), numbers, bias, 0, 1, columns, result, to);
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
        math.accumulate(memory, weight(i), pool.segment(), factor, 0, 1, columns, scratch, 0);
      }
    }
    if (any) {
      MemorySegment result = base.segment();
      long at = result(row, column);
      math.binary(Binary.Kind.MUL, scratch, 0, false, result, at, false, scratch, 0, columns);
      math.binary(Binary.Kind.ADD, result, at, false, scratch, 0, false, result, at, columns);
    }
  }

  private long weight(int use) {
    return weightsAt + 4L * use;
  }

  private long result(int row, int column) {
    return base.offset() + row * base.stride(0) + 4L * column;
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
