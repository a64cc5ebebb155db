package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Panels;
import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Attention of runs of neighbouring tokens as two small matrix products per tile of queries and
 * block of keys (Dao et al. 2022, arXiv:2205.14135). The rows of a tile are the tokens times the
 * query heads of a group, so that every packed key and value serves them all. A block is several
 * panels of keys wide where scratch allows it, so that a softmax sees long rows.
 */
final class PrefillAttention {
  private static final int MAX_ROWS = 128;
  private static final int MIN_ROWS = 8;
  private static final int MAX_PANELS = 4;

  private final AttentionPlan plan;
  private final GemmTile tile;
  private final RowMath math;
  private final BlockRows blocks;
  private final int width;
  private final int blockWidth;
  private final int dimPanels;
  private final int tokensPerTile;
  private final long queryAt;
  private final long scoresAt;
  private final long weightsAt;
  private final long sumsAt;
  private final long keyAt;
  private final long valueAt;
  private final long stateAt;
  private final long zerosAt;
  private final long expandedAt;
  private final @Nullable AttentionPanels panels;
  private final RunningSoftmax softmax;

  /** Binds the operands, whose tiles must fit ({@link #fits}). */
  PrefillAttention(AttentionPlan plan, InnerLoops loops) {
    this.plan = plan;
    this.tile = loops.tile();
    this.math = loops.rows();
    this.blocks = loops.blocks();
    this.width = tile.columns();
    this.dimPanels = (plan.valueDim + width - 1) / width;
    PanelProduct code = AttentionPanels.of(tile, plan.headDim);
    long room = code == null ? 0 : AttentionPanels.roomBytes(plan.headDim);
    if (rowsThatFit(plan, width, 1, room) < Math.max(MIN_ROWS, plan.group)) {
      code = null;
      room = 0;
    }
    int wide = MAX_PANELS;
    while (wide > 1 && rowsThatFit(plan, width, wide, room) < Math.max(MAX_ROWS, plan.group)) {
      wide /= 2;
    }
    this.blockWidth = wide * width;
    int rows = rowsThatFit(plan, width, wide, room);
    this.tokensPerTile = Math.max(1, rows / plan.group);
    long capacity = (tokensPerTile * (long) plan.group + GemmTile.ROWS - 1) & -GemmTile.ROWS;
    queryAt = 0;
    scoresAt = queryAt + 4 * capacity * plan.headDim;
    weightsAt = scoresAt + 4 * capacity * blockWidth;
    sumsAt = weightsAt + 4 * capacity * blockWidth;
    keyAt = aligned(sumsAt + 4 * capacity * dimPanels * width);
    valueAt = aligned(keyAt + 4L * plan.headDim * blockWidth);
    stateAt = valueAt + 4L * dimPanels * width * blockWidth;
    zerosAt = aligned(stateAt + RunningSoftmax.rowBytes(MAX_PANELS) * capacity);
    expandedAt = aligned(zerosAt + 4L * width);
    long roomAt = expandedAt + expandedBytes(plan);
    panels = code == null ? null : new AttentionPanels(plan, code, tile, math, blocks, roomAt);
    softmax =
        new RunningSoftmax(
            plan,
            math,
            panels,
            new RunningSoftmax.Rows(scoresAt, 4L * blockWidth),
            new RunningSoftmax.Rows(sumsAt, 4L * dimPanels * width),
            stateAt,
            stateAt + RunningSoftmax.STATE_BYTES * capacity);
  }

  private static long aligned(long offset) {
    return (offset + 63) & -64;
  }

  /** Whether a tile of this head fits into a worker's scratch. */
  static boolean fits(AttentionPlan plan, InnerLoops loops) {
    return rowsThatFit(plan, loops.tile().columns(), 1, 0) >= Math.max(MIN_ROWS, plan.group);
  }

  /** Whether a tile of such heads fits into a worker's scratch. */
  static boolean fits(long headDim, long valueDim, long group, int width) {
    return rowsThatFit(headDim, valueDim, group, width, 1, 0) >= Math.max(MIN_ROWS, group);
  }

  private static int rowsThatFit(AttentionPlan plan, int width, int panels, long room) {
    long more = expandedBytes(plan) + room;
    return rowsThatFit(plan.headDim, plan.valueDim, plan.group, width, panels, more);
  }

  private static long expandedBytes(AttentionPlan plan) {
    boolean packed = plan.hasPackedKeys() || plan.hasPackedValues();
    return packed ? 8L * Math.max(plan.headDim, plan.valueDim) : 0; // two rows
  }

  private static int rowsThatFit(
      long headDim, long valueDim, long group, int width, int panels, long more) {
    long block = (long) panels * width;
    long values = (valueDim + width - 1) / width * width;
    long fixed = 4 * block * headDim + 4 * block * values + 4L * width + 1024 + more;
    long perRow = 4 * headDim + 8 * block + 4 * values + RunningSoftmax.rowBytes(MAX_PANELS);
    long rows = (Worker.SCRATCH_BYTES - fixed) / perRow - GemmTile.ROWS;
    return (int) Math.clamp(rows, 0, Math.max(MAX_ROWS, group));
  }

  /** Tokens of a tile. */
  int tokensPerTile() {
    return tokensPerTile;
  }

  /**
   * Computes {@code count} tokens of one sequence at consecutive positions for one key-value head.
   */
  void run(Worker worker, int firstToken, int count, int kvHead) {
    MemorySegment scratch = worker.scratch();
    int rows = count * plan.group;
    int rowTiles = (rows + GemmTile.ROWS - 1) / GemmTile.ROWS;
    packQueries(scratch, firstToken, rows, kvHead);
    scratch.asSlice(sumsAt, 16L * rowTiles * dimPanels * width).fill((byte) 0);
    scratch.asSlice(zerosAt, 4L * width).fill((byte) 0);
    softmax.begin(scratch, rows);
    int firstPosition = plan.position(firstToken);
    int end = firstPosition + count;
    int s = plan.sequence(firstToken);
    int begin = plan.firstVisible(firstToken);
    for (int token = firstToken + 1; token < firstToken + count; token++) {
      begin = Math.min(begin, plan.firstVisible(token));
    }
    for (int block = begin; block < end; block += blockWidth) {
      int columns = Math.min(blockWidth, end - block);
      int wide = (columns + width - 1) / width;
      packKeys(scratch, s, block, columns, kvHead);
      packValues(scratch, s, block, columns, kvHead);
      for (int panel = 0; panel < wide; panel++) {
        score(scratch, rows, panel);
      }
      softmax.block(scratch, rows, firstToken, block, wide, wide * width);
      addValues(scratch, rows, wide * width);
    }
    for (int r = 0; r < rows; r++) {
      float sum = softmax.sum(scratch, r);
      int token = firstToken + r / plan.group;
      int head = kvHead * plan.group + r % plan.group;
      long to = plan.result(token, head);
      long from = sumsAt + 4L * r * dimPanels * width;
      math.scale(scratch, from, 1 / sum, plan.result.segment(), to, plan.valueDim);
      plan.finish(token, head, softmax.max(scratch, r), sum);
    }
  }

  /** Multiplies all queries with a panel of keys. */
  private void score(MemorySegment scratch, int rows, int panel) {
    long panelAt = keyAt + 4L * panel * width * plan.headDim;
    long to = scoresAt + 4L * panel * width;
    if (panels != null) {
      panels.score(scratch, queryAt, rows, panelAt, to, 4L * blockWidth);
      return;
    }
    for (int t = 0; t < rows; t += GemmTile.ROWS) {
      tile.multiply(
          scratch,
          queryAt + 4L * t * plan.headDim,
          scratch,
          panelAt,
          plan.headDim,
          scratch,
          zerosAt,
          0,
          scratch,
          to + 4L * t * blockWidth,
          4L * blockWidth);
    }
  }

  /** Packs scaled queries; rows beyond the last repeat it, and their results are not read. */
  private void packQueries(MemorySegment scratch, int firstToken, int rows, int kvHead) {
    if (panels != null) {
      panels.packQueries(scratch, firstToken, rows, kvHead, queryAt);
      return;
    }
    int dim = plan.headDim;
    MemorySegment query = plan.query.segment();
    int padded = (rows + GemmTile.ROWS - 1) & -GemmTile.ROWS;
    for (int i = 0; i < padded; i++) {
      int r = Math.min(i, rows - 1);
      long from = plan.query(firstToken + r / plan.group, kvHead * plan.group + r % plan.group);
      long to = queryAt + 16L * (i / GemmTile.ROWS) * dim + 4L * (i % GemmTile.ROWS);
      for (int d = 0; d < dim; d++) {
        float value = query.get(Layouts.FLOAT, from + 4L * d) * plan.scale;
        scratch.set(Layouts.FLOAT, to + 16L * d, value);
      }
    }
  }

  private void packKeys(MemorySegment scratch, int s, int block, int columns, int kvHead) {
    int dim = plan.headDim;
    long step = 4L * width;
    if (panels != null) {
      for (int j = 0; j < columns; j += width) {
        int present = Math.min(width, columns - j);
        panels.packKeys(scratch, s, block + j, present, kvHead, keyAt + j * 4L * dim);
      }
      return;
    }
    if (columns % width != 0) {
      scratch.asSlice(keyAt, valueAt - keyAt).fill((byte) 0);
    }
    MemorySegment keys = plan.hasPackedKeys() ? scratch : plan.keys.segment();
    for (int j = 0; j < columns; j += 2) {
      long a = plan.key(s, block + j, kvHead);
      long b = j + 1 < columns ? plan.key(s, block + j + 1, kvHead) : a;
      if (plan.hasPackedKeys()) {
        a = expanded(plan.keys, a, dim, scratch, expandedAt);
        b = expanded(plan.keys, b, dim, scratch, expandedAt + 4L * dim);
      }
      long to = keyAt + (long) (j / width) * dim * step + 4L * (j % width);
      Panels.transposeTwo(keys, a, b, dim / 2, scratch, to, step);
      if (dim % 2 != 0) {
        long at = to + (dim - 1) * step;
        scratch.set(Layouts.FLOAT, at, keys.get(Layouts.FLOAT, a + 4L * (dim - 1)));
        scratch.set(Layouts.FLOAT, at + 4, keys.get(Layouts.FLOAT, b + 4L * (dim - 1)));
      }
    }
  }

  private void packValues(MemorySegment scratch, int s, int block, int columns, int kvHead) {
    long step = 4L * width;
    if (columns % width != 0) {
      scratch.asSlice(valueAt, stateAt - valueAt).fill((byte) 0);
    }
    if (panels != null && panels.packValues(scratch, s, block, columns, kvHead, valueAt)) {
      return;
    }
    MemorySegment values = plan.hasPackedValues() ? scratch : plan.values.segment();
    for (int j = 0; j < columns; j++) {
      long from = plan.value(s, block + j, kvHead);
      if (plan.hasPackedValues()) {
        from = expanded(plan.values, from, plan.valueDim, scratch, expandedAt);
      }
      for (int panel = 0; panel < dimPanels; panel++) {
        int wide = Math.min(width, plan.valueDim - panel * width);
        long to = valueAt + ((long) panel * blockWidth + j) * step;
        MemorySegment.copy(values, from + 4L * panel * width, scratch, to, 4L * wide);
      }
    }
  }

  /** Expands a row of the cache and returns where. */
  private long expanded(HostTensor cache, long from, int dim, MemorySegment scratch, long to) {
    blocks.widen(cache.dtype(), cache.segment(), from, dim, scratch, to);
    return to;
  }

  private void addValues(MemorySegment scratch, int rows, int depth) {
    long rowBytes = 4L * dimPanels * width;
    for (int panel = 0; panels != null && panel < dimPanels; panel++) {
      long values = valueAt + 4L * panel * blockWidth * width;
      long to = sumsAt + 4L * panel * width;
      panels.addValues(scratch, scoresAt, 4L * blockWidth, rows, depth, values, to, rowBytes);
    }
    for (int t = 0; panels == null && t < rows; t += GemmTile.ROWS) {
      long packed = weightsAt + 4L * t * blockWidth;
      long scores = scoresAt + 4L * t * blockWidth;
      Panels.interleaveFour(scratch, scores, 4L * blockWidth, depth, scratch, packed);
      for (int panel = 0; panel < dimPanels; panel++) {
        long at = sumsAt + t * rowBytes + 4L * panel * width;
        tile.multiply(
            scratch,
            packed,
            scratch,
            valueAt + 4L * panel * blockWidth * width,
            depth,
            scratch,
            at,
            rowBytes,
            scratch,
            at,
            rowBytes);
      }
    }
  }
}
