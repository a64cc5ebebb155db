package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.HostTensor;
import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.QuantizedBlock;
import dev.wick.engine.tensor.Shape;
import java.util.List;

/**
 * Attention over a paged cache, tile by tile: some tokens of one sequence, the query heads of one
 * key-value head, and the positions that they see.
 */
final class AttentionKernel implements Kernel {
  /** Query rows of a tile, so that its scores stay small for any length of prompt. */
  private static final long TILE_ROWS = 512;

  private final PagedAttention op;
  private final HostTensor query;
  private final HostTensor keys;
  private final HostTensor values;
  private final HostTensor blockTable;
  private final HostTensor sequence;
  private final HostTensor position;
  private final HostTensor out;
  private final long group;
  private final long blockSize;
  private final long tileTokens;
  private final AttentionTile tile;
  private final QuantizedBlock packed = new QuantizedBlock(DType.Q8_0);

  AttentionKernel(
      PagedAttention op, List<Operand> in, Operand out, Compiler compiler, Scratch scratch) {
    this.op = op;
    this.query = in.get(0).host();
    this.keys = in.get(1).host();
    this.values = in.get(2).host();
    this.blockTable = in.get(3).host();
    this.sequence = in.get(4).host();
    this.position = in.get(5).host();
    this.out = out.host();
    this.group = query.shape().extent(1) / keys.shape().extent(2);
    this.blockSize = keys.shape().extent(1);
    this.tileTokens = Math.max(1, TILE_ROWS / Math.max(1, group));
    long rows = Math.min(tileTokens, query.shape().extent(0)) * group;
    long positions = blockTable.shape().extent(1) * blockSize;
    long headDim = query.shape().extent(2);
    long valueDim = values.shape().extent(3);
    this.tile =
        scratch.shared(
            AttentionTile.class,
            List.of(rows, positions, headDim, valueDim, op.scale()),
            () ->
                new AttentionTile(
                    rows,
                    positions,
                    headDim,
                    valueDim,
                    op.scale(),
                    compiler.loopLimit(),
                    compiler.products(),
                    scratch));
  }

  @Override
  public void run() {
    if (out.shape().size() == 0) {
      return;
    }
    long tokens = query.shape().extent(0);
    long first = 0;
    while (first < tokens) {
      int of = sequence(first);
      long end = first + 1;
      while (end < tokens && end - first < tileTokens && sequence(end) == of) {
        end++;
      }
      attend(of, first, end);
      first = end;
    }
  }

  private int sequence(long token) {
    int of = sequence.i32(token * sequence.layout().stride(0));
    return checked(of, blockTable.shape().extent(0), "sequences");
  }

  private int position(long token) {
    int at = position.i32(token * position.layout().stride(0));
    return checked(at, blockTable.shape().extent(1) * blockSize, "positions");
  }

  private long block(int sequence, long index) {
    long at = sequence * blockTable.layout().stride(0) + index * blockTable.layout().stride(1);
    return checked(blockTable.i32(at), keys.shape().extent(0), "blocks");
  }

  private static int checked(int index, long count, String what) {
    if (index < 0 || index >= count) {
      throw new IllegalArgumentException(
          "paged_attention: expected %s in 0..%d, got %d".formatted(what, count - 1, index));
    }
    return index;
  }

  /** First position that a token sees. */
  private long from(int position) {
    return op.window() == 0 ? 0 : Math.max(0, position - op.window() + 1L);
  }

  private void attend(int sequence, long first, long end) {
    long low = Long.MAX_VALUE;
    int high = 0;
    for (long token = first; token < end; token++) {
      low = Math.min(low, from(position(token)));
      high = Math.max(high, position(token));
    }
    // Whole blocks, so that growing sequences rarely need other shapes.
    long start = low / blockSize * blockSize;
    long count = (high / blockSize + 1) * blockSize - start;
    long rows = (end - first) * group;
    for (long head = 0; head < keys.shape().extent(2); head++) {
      bringCache(sequence, head, start, low, high);
      bringQuery(first, end, head);
      tile.score(rows, count);
      mask(first, end, start, count);
      tile.mix(rows, count);
      putResult(first, end, head);
    }
  }

  /** Values that no token sees are zeroed: a NaN there times a probability of 0 would be one. */
  private void bringCache(int sequence, long head, long start, long low, long high) {
    HostTensor keyRows = tile.keys();
    HostTensor valueRows = tile.values();
    long headDim = keys.shape().extent(3);
    long valueDim = values.shape().extent(3);
    long end = (high / blockSize + 1) * blockSize;
    for (long p = start; p < end; p += blockSize) {
      long block = block(sequence, p / blockSize);
      for (long i = 0; i < blockSize; i++) {
        long row = p - start + i;
        if (p + i < low || p + i > high) {
          valueRows.fillRow(row * valueDim, valueDim, 0);
          continue;
        }
        bringRow(keyRows, row * headDim, keys, at(keys, block, i, head));
        bringRow(valueRows, row * valueDim, values, at(values, block, i, head));
      }
    }
  }

  /** A row of the cache, expanded if it is packed. */
  private void bringRow(HostTensor rows, long to, HostTensor cache, long from) {
    long dim = cache.shape().extent(3);
    if (!cache.dtype().isQuantized()) {
      rows.copyRow(to, cache, from, cache.layout().stride(3), dim);
      return;
    }
    long at = cache.byteOffset() + cache.dtype().byteSize(from);
    for (long i = 0; i < dim; i += cache.dtype().blockElements()) {
      packed.read(cache.memory(), at + cache.dtype().byteSize(i));
      packed.toFloat(rows.memory(), rows.byteOffset() + 4 * (to + i));
    }
  }

  private static long at(HostTensor cache, long block, long i, long head) {
    return block * cache.layout().stride(0)
        + i * cache.layout().stride(1)
        + head * cache.layout().stride(2);
  }

  private void bringQuery(long first, long end, long head) {
    HostTensor rows = tile.query();
    Shape shape = query.shape();
    for (long token = first; token < end; token++) {
      for (long i = 0; i < group; i++) {
        long from =
            token * query.layout().stride(0) + (head * group + i) * query.layout().stride(1);
        long row = (token - first) * group + i;
        rows.copyRow(row * shape.extent(2), query, from, query.layout().stride(2), shape.extent(2));
      }
    }
  }

  /** Scores of positions that a token does not see become minus infinity. */
  private void mask(long first, long end, long start, long count) {
    HostTensor scores = tile.scores();
    for (long token = first; token < end; token++) {
      int at = position(token);
      long hiddenBefore = Math.max(0, from(at) - start);
      long hiddenFrom = at + 1 - start;
      for (long i = 0; i < group; i++) {
        long row = ((token - first) * group + i) * count;
        scores.fillRow(row, hiddenBefore, Float.NEGATIVE_INFINITY);
        scores.fillRow(row + hiddenFrom, count - hiddenFrom, Float.NEGATIVE_INFINITY);
      }
    }
  }

  private void putResult(long first, long end, long head) {
    HostTensor rows = tile.mixed();
    long valueDim = values.shape().extent(3);
    long heads = query.shape().extent(1);
    for (long token = first; token < end; token++) {
      long to = (token * heads + head * group) * valueDim;
      out.copyRow(to, rows, (token - first) * group * valueDim, 1, group * valueDim);
    }
  }
}
