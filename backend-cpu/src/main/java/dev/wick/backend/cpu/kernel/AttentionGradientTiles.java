package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Panels;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.Binary;
import java.lang.foreign.MemorySegment;

/** The gradient of attention by tiles of {@link GemmTile}, for heads and processors of any kind. */
final class AttentionGradientTiles implements AttentionGradientHeads {
  /*
   * Tiles of queries have -logSumExp as a last element, those of dO have -D, and the columns that they
   * are multiplied with a 1, so that the products give both exponents and differences.
   */
  private static final int QUERIES = AttentionGradientPlan.QUERIES;
  private static final int TOKENS_PER_SUM = 32;

  private final RowMath math;
  private final GemmTile tile;
  private final AttentionGradientPlan plan;
  private final int tokens;
  private final int kvHeads;
  private final int group;
  private final int dim;
  private final int valueDim;
  private final long padded;
  private final int width;
  private final GradientScratch at;
  private final long queryPanels;
  private final long outputPanels;
  private final long queryTiles;
  private final long outputTiles;
  private final long querySums;
  private final long workerBytes;
  private final long partsAt;
  private final long partBytes;
  private MemorySegment shared = MemorySegment.NULL;

  AttentionGradientTiles(AttentionGradientPlan plan, InnerLoops loops, int threads) {
    this.plan = plan;
    this.math = loops.rows();
    this.tile = loops.tile();
    this.tokens = plan.tokens;
    this.kvHeads = plan.kvHeads;
    this.group = plan.group;
    this.dim = plan.dim;
    this.valueDim = plan.valueDim;
    this.padded = plan.padded;
    this.width = tile.columns();
    this.at = new GradientScratch(dim, valueDim, width, QUERIES);
    this.queryPanels = 0;
    this.outputPanels = queryPanels + padded * at.dimRowBytes;
    this.queryTiles = outputPanels + padded * at.valueRowBytes;
    this.outputTiles = queryTiles + 4 * padded * (dim + 1);
    this.querySums = (outputTiles + 4 * padded * (valueDim + 1) + 63) & -64;
    this.workerBytes = querySums + padded * at.dimRowBytes;
    this.partBytes = 4L * tokens * (dim + valueDim);
    this.partsAt = threads * workerBytes;
  }

  /** Whether the blocks of such heads fit into a worker's scratch. */
  static boolean fits(long headDim, long valueDim, int width) {
    return headDim <= 1 << 16
        && valueDim <= 1 << 16
        && new GradientScratch((int) headDim, (int) valueDim, width, QUERIES).end()
            <= Worker.SCRATCH_BYTES;
  }

  @Override
  public long sharedBytes() {
    return partsAt + plan.heads * partBytes;
  }

  @Override
  public void begin(MemorySegment memory) {
    shared = memory;
  }

  @Override
  public void head(Worker worker, int head) {
    MemorySegment scratch = worker.scratch();
    long own = worker.index() * workerBytes;
    scratch.asSlice(at.zeros, 4L * width).fill((byte) 0);
    shared.asSlice(own + querySums, padded * at.dimRowBytes).fill((byte) 0);
    packQueries(own, head);
    for (int k = 0; k < tokens; k += width) {
      keyBlock(scratch, own, head, k, Math.min(width, tokens - k));
    }
    for (int token = 0; token < tokens; token++) {
      long from = own + querySums + token * at.dimRowBytes;
      long to = AttentionGradientPlan.row(plan.ofQuery, token, head);
      MemorySegment.copy(shared, from, plan.ofQuery.segment(), to, 4L * dim);
    }
  }

  private void keyBlock(MemorySegment scratch, long own, int head, int k, int columns) {
    packKeys(scratch, head / group, k, columns);
    scratch.asSlice(at.keySums, at.scores - at.keySums).fill((byte) 0);
    for (int q = k / QUERIES * QUERIES; q < tokens; q += QUERIES) {
      if (plan.blockVisibleFrom(q) < k + columns) {
        block(scratch, own, k, columns, q, Math.min(QUERIES, tokens - q));
      }
    }
    for (int j = 0; j < columns; j++) {
      long to = part(head, k + j);
      MemorySegment.copy(scratch, at.keySums + j * at.dimRowBytes, shared, to, 4L * dim);
      long valueTo = to + 4L * dim;
      MemorySegment.copy(
          scratch, at.valueSums + j * at.valueRowBytes, shared, valueTo, 4L * valueDim);
    }
  }

  /** What the queries of one block and the keys of another contribute to each other. */
  private void block(MemorySegment scratch, long own, int k, int columns, int q, int rows) {
    int tiles = (rows + GemmTile.ROWS - 1) / GemmTile.ROWS;
    int n = rows * width;
    scores(scratch, own + queryTiles, q, tiles, at.keysTransposed, dim + 1, at.scores);
    scores(scratch, own + outputTiles, q, tiles, at.valuesTransposed, valueDim + 1, at.gradients);
    math.exp(scratch, at.scores, 0, scratch, at.scores, n);
    for (int r = 0; r < rows; r++) {
      hide(scratch, k, columns, q + r, at.scores + 4L * r * width);
    }
    math.binary(
        Binary.Kind.MUL,
        scratch,
        at.scores,
        false,
        scratch,
        at.gradients,
        false,
        scratch,
        at.gradients,
        n);
    long outputs = own + outputPanels + 4L * q * width;
    long queries = own + queryPanels + 4L * q * width;
    for (int t = 0; t < columns; t += GemmTile.ROWS) {
      addTransposed(scratch, at.scores, t, rows, outputs, at.valueSums, at.valueRowBytes);
      addTransposed(scratch, at.gradients, t, rows, queries, at.keySums, at.dimRowBytes);
    }
    for (int t = 0; t < tiles; t++) {
      addQueries(scratch, own + querySums + (q + 4L * t) * at.dimRowBytes, t);
    }
  }

  /** Products of tiles of rows with columns; the last step of each adds the row's own term. */
  private void scores(
      MemorySegment scratch, long rows, int q, int tiles, long columns, int depth, long to) {
    long rowBytes = 4L * width;
    for (int t = 0; t < tiles; t++) {
      tile.multiply(
          shared,
          rows + 4L * depth * (q + 4L * t),
          scratch,
          columns,
          depth,
          scratch,
          at.zeros,
          0,
          scratch,
          to + 4L * t * rowBytes,
          rowBytes);
    }
  }

  /** Sets the weights of the keys that a token does not see to 0. */
  private void hide(MemorySegment scratch, int k, int columns, int token, long weights) {
    int from = Math.clamp((long) plan.visibleFrom(token) - k, 0, columns);
    int to = Math.clamp(token + 1L - k, from, columns);
    if (to - from < width) {
      scratch.asSlice(weights, 4L * from).fill((byte) 0);
      scratch.asSlice(weights + 4L * to, 4L * (width - to)).fill((byte) 0);
    }
  }

  /** Adds the product of four transposed columns with rows of queries or output gradients. */
  private void addTransposed(
      MemorySegment scratch, long matrix, int t, int rows, long panels, long sums, long sumBytes) {
    Panels.fourColumns(scratch, matrix + 4L * t, 4L * width, rows, scratch, at.packed);
    for (long panel = 0; panel < sumBytes; panel += 4L * width) {
      long to = sums + t * sumBytes + panel;
      tile.multiply(
          scratch,
          at.packed,
          shared,
          panels + panel * padded,
          rows,
          scratch,
          to,
          sumBytes,
          scratch,
          to,
          sumBytes);
    }
  }

  private void addQueries(MemorySegment scratch, long sums, int t) {
    long from = at.gradients + 16L * t * width;
    Panels.interleaveFour(scratch, from, 4L * width, width, scratch, at.packed);
    for (long panel = 0; panel < at.dimRowBytes; panel += 4L * width) {
      tile.multiply(
          scratch,
          at.packed,
          scratch,
          at.keyPanels + panel * width,
          width,
          shared,
          sums + panel,
          at.dimRowBytes,
          shared,
          sums + panel,
          at.dimRowBytes);
    }
  }

  /** Packs keys and values as columns, and scaled keys as rows; zeros stand for those beyond. */
  private void packKeys(MemorySegment scratch, int kvHead, int k, int columns) {
    if (columns < width) {
      scratch.asSlice(at.keysTransposed, at.keySums - at.keysTransposed).fill((byte) 0);
    }
    for (int j = 0; j < columns; j++) {
      long from = AttentionGradientPlan.row(plan.key, k + j, kvHead);
      packRow(plan.key.segment(), from, plan.scale, dim, scratch, at.keyPanels, width, j);
    }
    packColumns(scratch, plan.key, k, kvHead, columns, dim, at.keysTransposed);
    packColumns(scratch, plan.value, k, kvHead, columns, valueDim, at.valuesTransposed);
    for (int j = 0; j < width; j++) {
      scratch.set(Layouts.FLOAT, at.keysTransposed + 4L * ((long) dim * width + j), 1f);
      scratch.set(Layouts.FLOAT, at.valuesTransposed + 4L * ((long) valueDim * width + j), 1f);
    }
  }

  private void packColumns(
      MemorySegment scratch, HostTensor rows, int k, int kvHead, int columns, int n, long to) {
    MemorySegment source = rows.segment();
    long step = 4L * width;
    for (int j = 0; j < columns; j += 2) {
      long a = AttentionGradientPlan.row(rows, k + j, kvHead);
      long b = j + 1 < columns ? AttentionGradientPlan.row(rows, k + j + 1, kvHead) : a;
      Panels.transposeTwo(source, a, b, n / 2, scratch, to + 4L * j, step);
      if (n % 2 != 0) {
        long last = to + (n - 1) * step + 4L * j;
        scratch.set(Layouts.FLOAT, last, source.get(Layouts.FLOAT, a + 4L * (n - 1)));
        scratch.set(Layouts.FLOAT, last + 4, source.get(Layouts.FLOAT, b + 4L * (n - 1)));
      }
    }
  }

  /**
   * Packs the scaled queries and output gradients of a head, both as panels and as tiles of four
   * rows. Below each row of a tile stands what is added to its products: {@code -logSumExp}, and
   * {@code -D}.
   */
  private void packQueries(long own, int head) {
    for (int token = 0; token < tokens; token++) {
      long from = AttentionGradientPlan.row(plan.query, token, head);
      packRow(
          plan.query.segment(), from, plan.scale, dim, shared, own + queryPanels, padded, token);
      long gradient = AttentionGradientPlan.row(plan.outputGradient, token, head);
      MemorySegment gradients = plan.outputGradient.segment();
      packRow(gradients, gradient, 1, valueDim, shared, own + outputPanels, padded, token);
    }
    for (int t = 0; t < tokens; t += GemmTile.ROWS) {
      long tiles = own + queryTiles + 4L * t * (dim + 1);
      tileOfPanels(own + queryPanels, t, dim, tiles);
      long outputs = own + outputTiles + 4L * t * (valueDim + 1);
      tileOfPanels(own + outputPanels, t, valueDim, outputs);
      for (int r = 0; r < GemmTile.ROWS; r++) {
        int token = Math.min(t + r, tokens - 1);
        long to = 4L * r;
        shared.set(Layouts.FLOAT, tiles + 16L * dim + to, -plan.logSumExp(token, head));
        shared.set(Layouts.FLOAT, outputs + 16L * valueDim + to, -plan.delta(math, token, head));
      }
    }
  }

  /** Interleaves four rows of the panels; those beyond the last are old numbers, never used. */
  private void tileOfPanels(long panels, int t, int n, long to) {
    for (int d = 0; d < n; d += width) {
      long from = panels + 4 * padded * d + 4L * t * width;
      int depth = Math.min(width, n - d);
      Panels.interleaveFour(shared, from, 4L * width, depth, shared, to + 16L * d);
    }
  }

  private void packRow(
      MemorySegment source,
      long from,
      float factor,
      int n,
      MemorySegment target,
      long panels,
      long panelRows,
      int r) {
    for (int d = 0; d < n; d += width) {
      long to = panels + 4 * panelRows * d + 4L * r * width;
      math.scale(source, from + 4L * d, factor, target, to, Math.min(width, n - d));
    }
  }

  @Override
  public int sums() {
    return (plan.tokens + TOKENS_PER_SUM - 1) / TOKENS_PER_SUM * plan.kvHeads;
  }

  @Override
  public void sum(int chunk) {
    int kvHead = chunk % kvHeads;
    int from = chunk / kvHeads * TOKENS_PER_SUM;
    int end = Math.min(tokens, from + TOKENS_PER_SUM);
    for (int token = from; token < end; token++) {
      long toKey = AttentionGradientPlan.row(plan.ofKey, token, kvHead);
      long toValue = AttentionGradientPlan.row(plan.ofValue, token, kvHead);
      for (int g = 0; g < group; g++) {
        long part = part(kvHead * group + g, token);
        add(plan.ofKey.segment(), toKey, part, dim, g == 0);
        add(plan.ofValue.segment(), toValue, part + 4L * dim, valueDim, g == 0);
      }
    }
  }

  private void add(MemorySegment target, long to, long part, int n, boolean first) {
    if (first) {
      MemorySegment.copy(shared, part, target, to, 4L * n);
    } else {
      math.binary(Binary.Kind.ADD, target, to, false, shared, part, false, target, to, n);
    }
  }

  /** Place of a head's own gradients of a token's key and plan.value. */
  private long part(int head, int token) {
    return partsAt + head * partBytes + 4L * token * (dim + valueDim);
  }
}
