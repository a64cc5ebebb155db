package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Panels;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.AttentionGradient;
import dev.wick.engine.op.Binary;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Gradient of attention (FlashAttention-2, Dao 2023, arXiv:2307.08691): for each query head, blocks
 * of keys against blocks of queries as five small matrix products each.
 */
final class AttentionGradientKernel implements CpuKernel {
  /*
   * With S = scale Q Kᵀ, P = exp(S - logSumExp), O = P V and D = rowsum(dO ∘ O) - dLogSumExp:
   * dV = Pᵀ dO, dP = dO Vᵀ, dS = P ∘ (dP - D), dQ = scale dS K, dK = scale dSᵀ Q.
   *
   * A chunk is one query head, which owns its rows of dQ and a copy of dK and dV of its own; the
   * copies of a group are added in the order of the heads, so that the sums do not depend on the
   * threads.
   */
  private static final int QUERIES = 64;
  private static final int TOKENS_PER_SUM = 32;

  private final RowMath math;
  private final GemmTile tile;
  private final HostTensor query;
  private final HostTensor key;
  private final HostTensor value;
  private final HostTensor first;
  private final HostTensor output;
  private final HostTensor logSumExp;
  private final HostTensor outputGradient;
  private final HostTensor logSumExpGradient;
  private final HostTensor ofQuery;
  private final HostTensor ofKey;
  private final HostTensor ofValue;
  private final float scale;
  private final int window;
  private final int tokens;
  private final int heads;
  private final int kvHeads;
  private final int group;
  private final int dim;
  private final int valueDim;
  private final int width;
  private final GradientScratch at;
  private final int[] visibleFrom;
  private final int[] blockVisibleFrom;
  private final long partBytes;
  private final Region headRegion = this::head;
  private final Region sumRegion = this::sum;
  private MemorySegment shared = MemorySegment.NULL;

  /**
   * Binds contiguous operands.
   *
   * @param operands as {@link AttentionGradient} has them
   */
  AttentionGradientKernel(
      AttentionGradient op,
      InnerLoops loops,
      Execution execution,
      List<HostTensor> operands,
      List<HostTensor> results) {
    this.math = loops.rows();
    this.tile = loops.tile();
    this.query = operands.get(0);
    this.key = operands.get(1);
    this.value = operands.get(2);
    this.first = operands.get(3);
    this.output = operands.get(4);
    this.logSumExp = operands.get(5);
    this.outputGradient = operands.get(6);
    this.logSumExpGradient = operands.get(7);
    this.ofQuery = results.get(0);
    this.ofKey = results.get(1);
    this.ofValue = results.get(2);
    this.scale = op.scale();
    this.window = op.window();
    this.tokens = query.extent(0);
    this.heads = query.extent(1);
    this.kvHeads = key.extent(1);
    this.group = heads / kvHeads;
    this.dim = query.extent(2);
    this.valueDim = value.extent(2);
    this.width = tile.columns();
    this.at = new GradientScratch(dim, valueDim, width, QUERIES);
    this.visibleFrom = new int[tokens];
    this.blockVisibleFrom = new int[(tokens + QUERIES - 1) / QUERIES];
    this.partBytes = 4L * tokens * (dim + valueDim + 1);
    execution.reserveShared(heads * partBytes);
  }

  /** Whether the blocks of such heads fit into a worker's scratch. */
  static boolean fits(long headDim, long valueDim, int width) {
    return headDim <= 1 << 16
        && valueDim <= 1 << 16
        && new GradientScratch((int) headDim, (int) valueDim, width, QUERIES).end()
            <= Worker.SCRATCH_BYTES;
  }

  @Override
  public void run(Execution execution) {
    BatchPlan.check("attention_gradient", first);
    for (int token = 0; token < tokens; token++) {
      int from = first.intAt(token);
      visibleFrom[token] = window > 0 ? Math.max(from, token - window + 1) : from;
      int block = token / QUERIES;
      boolean begins = token % QUERIES == 0;
      blockVisibleFrom[block] =
          begins ? visibleFrom[token] : Math.min(blockVisibleFrom[block], visibleFrom[token]);
    }
    shared = execution.shared();
    execution.run(headRegion, heads);
    execution.run(sumRegion, (tokens + TOKENS_PER_SUM - 1) / TOKENS_PER_SUM * kvHeads);
  }

  private void head(Worker worker, int head) {
    MemorySegment scratch = worker.scratch();
    scratch.asSlice(at.zeros, 4L * width).fill((byte) 0);
    for (int token = 0; token < tokens; token++) {
      long o = row(output, token, head, heads, valueDim);
      long g = row(outputGradient, token, head, heads, valueDim);
      float delta = math.dot(output.segment(), o, outputGradient.segment(), g, valueDim);
      float other =
          logSumExpGradient.segment().get(Layouts.FLOAT, scalar(logSumExpGradient, token, head));
      shared.set(Layouts.FLOAT, delta(head, token), delta - other);
      ofQuery.segment().asSlice(row(ofQuery, token, head, heads, dim), 4L * dim).fill((byte) 0);
    }
    for (int k = 0; k < tokens; k += width) {
      keyBlock(scratch, head, k, Math.min(width, tokens - k));
    }
  }

  private void keyBlock(MemorySegment scratch, int head, int k, int columns) {
    packKeys(scratch, head / group, k, columns);
    scratch.asSlice(at.keySums, at.scores - at.keySums).fill((byte) 0);
    for (int q = k / QUERIES * QUERIES; q < tokens; q += QUERIES) {
      if (blockVisibleFrom[q / QUERIES] < k + columns) {
        block(scratch, head, k, columns, q, Math.min(QUERIES, tokens - q));
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
  private void block(MemorySegment scratch, int head, int k, int columns, int q, int rows) {
    packQueries(scratch, head, q, rows);
    int tiles = (rows + GemmTile.ROWS - 1) / GemmTile.ROWS;
    long rowBytes = 4L * width;
    for (int t = 0; t < tiles; t++) {
      long to = 4L * t * rowBytes;
      multiply(scratch, at.queryTiles + 16L * t * dim, at.keysTransposed, dim, at.scores + to);
      multiply(
          scratch,
          at.outputTiles + 16L * t * valueDim,
          at.valuesTransposed,
          valueDim,
          at.gradients + to);
    }
    for (int r = 0; r < rows; r++) {
      weights(scratch, head, k, columns, q + r, r);
    }
    for (int t = 0; t < columns; t += GemmTile.ROWS) {
      addTransposed(scratch, at.scores, t, rows, at.outputPanels, at.valueSums, at.valueRowBytes);
      addTransposed(scratch, at.gradients, t, rows, at.queryPanels, at.keySums, at.dimRowBytes);
    }
    for (int t = 0; t < tiles; t++) {
      addQueries(scratch, head, q + t * GemmTile.ROWS, t, Math.min(GemmTile.ROWS, rows - 4 * t));
    }
  }

  private void multiply(MemorySegment scratch, long a, long b, int depth, long c) {
    long rowBytes = 4L * width;
    tile.multiply(scratch, a, scratch, b, depth, scratch, at.zeros, 0, scratch, c, rowBytes);
  }

  /**
   * Turns a row of scores into weights, and the gradient of the weights into that of the scores.
   */
  private void weights(MemorySegment scratch, int head, int k, int columns, int token, int r) {
    int from = Math.clamp((long) visibleFrom[token] - k, 0, columns);
    int to = Math.clamp(token + 1L - k, from, columns);
    long scores = at.scores + 4L * r * width;
    long gradients = at.gradients + 4L * r * width;
    if (to - from < width) {
      scratch.asSlice(scores, 4L * from).fill((byte) 0);
      scratch.asSlice(scores + 4L * to, 4L * (width - to)).fill((byte) 0);
      scratch.asSlice(gradients, 4L * from).fill((byte) 0);
      scratch.asSlice(gradients + 4L * to, 4L * (width - to)).fill((byte) 0);
    }
    float shift = logSumExp.segment().get(Layouts.FLOAT, scalar(logSumExp, token, head));
    float delta = shared.get(Layouts.FLOAT, delta(head, token));
    long p = scores + 4L * from;
    long g = gradients + 4L * from;
    math.exp(scratch, p, shift, scratch, p, to - from);
    math.softmaxGradient(scratch, p, scratch, g, delta, scratch, g, to - from);
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
          scratch,
          panels + panel * QUERIES,
          rows,
          scratch,
          to,
          sumBytes,
          scratch,
          to,
          sumBytes);
    }
  }

  private void addQueries(MemorySegment scratch, int head, int token, int t, int rows) {
    long from = at.gradients + 16L * t * width;
    Panels.interleaveFour(scratch, from, 4L * width, width, scratch, at.packed);
    for (long panel = 0; panel < at.dimRowBytes; panel += 4L * width) {
      tile.multiply(
          scratch,
          at.packed,
          scratch,
          at.keyPanels + panel * width,
          width,
          scratch,
          at.zeros,
          0,
          scratch,
          at.queryTile + panel,
          at.dimRowBytes);
    }
    MemorySegment target = ofQuery.segment();
    for (int r = 0; r < rows; r++) {
      long to = row(ofQuery, token + r, head, heads, dim);
      long sum = at.queryTile + r * at.dimRowBytes;
      math.binary(Binary.Kind.ADD, target, to, false, scratch, sum, false, target, to, dim);
    }
  }

  /** Packs keys and values as columns, and scaled keys as rows; zeros stand for those beyond. */
  private void packKeys(MemorySegment scratch, int kvHead, int k, int columns) {
    if (columns < width) {
      scratch.asSlice(at.keysTransposed, at.keySums - at.keysTransposed).fill((byte) 0);
    }
    for (int j = 0; j < columns; j++) {
      long from = row(key, k + j, kvHead, kvHeads, dim);
      packRow(scratch, key.segment(), from, scale, dim, at.keyPanels, width, j);
    }
    packColumns(scratch, key, k, kvHead, columns, dim, at.keysTransposed);
    packColumns(scratch, value, k, kvHead, columns, valueDim, at.valuesTransposed);
  }

  private void packColumns(
      MemorySegment scratch, HostTensor rows, int k, int kvHead, int columns, int n, long to) {
    MemorySegment source = rows.segment();
    long step = 4L * width;
    for (int j = 0; j < columns; j += 2) {
      long a = row(rows, k + j, kvHead, kvHeads, n);
      long b = j + 1 < columns ? row(rows, k + j + 1, kvHead, kvHeads, n) : a;
      Panels.transposeTwo(source, a, b, n / 2, scratch, to + 4L * j, step);
      if (n % 2 != 0) {
        long last = to + (n - 1) * step + 4L * j;
        scratch.set(Layouts.FLOAT, last, source.get(Layouts.FLOAT, a + 4L * (n - 1)));
        scratch.set(Layouts.FLOAT, last + 4, source.get(Layouts.FLOAT, b + 4L * (n - 1)));
      }
    }
  }

  /** Packs scaled queries and output gradients, both as tiles of four rows and as panels. */
  private void packQueries(MemorySegment scratch, int head, int q, int rows) {
    for (int r = 0; r < rows; r++) {
      long from = row(query, q + r, head, heads, dim);
      packRow(scratch, query.segment(), from, scale, dim, at.queryPanels, QUERIES, r);
      long gradient = row(outputGradient, q + r, head, heads, valueDim);
      packRow(
          scratch, outputGradient.segment(), gradient, 1, valueDim, at.outputPanels, QUERIES, r);
    }
    for (int t = 0; t < rows; t += GemmTile.ROWS) {
      tileOfPanels(scratch, at.queryPanels, t, dim, at.queryTiles + 4L * t * dim);
      tileOfPanels(scratch, at.outputPanels, t, valueDim, at.outputTiles + 4L * t * valueDim);
    }
  }

  /** Interleaves four rows of the panels; those beyond the last hold old numbers, never read. */
  private void tileOfPanels(MemorySegment scratch, long panels, int t, int n, long to) {
    for (int d = 0; d < n; d += width) {
      long from = panels + 4L * QUERIES * d + 4L * t * width;
      int depth = Math.min(width, n - d);
      Panels.interleaveFour(scratch, from, 4L * width, depth, scratch, to + 16L * d);
    }
  }

  private void packRow(
      MemorySegment scratch,
      MemorySegment source,
      long from,
      float factor,
      int n,
      long panels,
      int panelRows,
      int r) {
    for (int d = 0; d < n; d += width) {
      long to = panels + 4L * panelRows * d + 4L * r * width;
      math.scale(source, from + 4L * d, factor, scratch, to, Math.min(width, n - d));
    }
  }

  private void sum(Worker worker, int chunk) {
    int kvHead = chunk % kvHeads;
    int from = chunk / kvHeads * TOKENS_PER_SUM;
    int end = Math.min(tokens, from + TOKENS_PER_SUM);
    for (int token = from; token < end; token++) {
      long toKey = row(ofKey, token, kvHead, kvHeads, dim);
      long toValue = row(ofValue, token, kvHead, kvHeads, valueDim);
      for (int g = 0; g < group; g++) {
        long part = part(kvHead * group + g, token);
        add(ofKey.segment(), toKey, part, dim, g == 0);
        add(ofValue.segment(), toValue, part + 4L * dim, valueDim, g == 0);
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

  /** Place of a head's own gradients of a token's key and value. */
  private long part(int head, int token) {
    return head * partBytes + 4L * token * (dim + valueDim);
  }

  private long delta(int head, int token) {
    return head * partBytes + 4L * tokens * (dim + valueDim) + 4L * token;
  }

  private static long row(HostTensor tensor, int token, int head, int heads, int n) {
    return tensor.offset() + 4L * n * ((long) token * heads + head);
  }

  private long scalar(HostTensor tensor, int token, int head) {
    return tensor.offset() + 4L * ((long) token * heads + head);
  }
}
