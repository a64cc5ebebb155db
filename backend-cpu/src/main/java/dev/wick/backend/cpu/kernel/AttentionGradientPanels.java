package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.Binary;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of attention on {@link PanelProduct}, for heads of a multiple of 64 elements. The
 * gradients of keys and values are summed up transposed, so that each of the five products finds
 * its left operand in rows and its right one in a panel, and nothing of a block is rearranged.
 */
final class AttentionGradientPanels implements AttentionGradientHeads {
  private static final int BLOCK = PanelProduct.COLUMNS;
  private static final int ROW_BYTES = 4 * BLOCK;
  private static final int PANEL_BYTES = BLOCK * ROW_BYTES;
  private static final int ABOUT_BYTES = PanelProduct.WEIGHED_BYTES;

  /** Rows of a panel that are multiplied at a time, so that it stays in the first-level cache. */
  private static final int MAX_DEPTH = 128;

  private final AttentionGradientPlan plan;
  private final PanelProduct code;
  private final GemmTile tile;
  private final RowMath math;
  private final int blocks;
  private final int dimPanels;
  private final int valuePanels;

  // Into scratch. Scaled keys are panels [keys][64] beside each other, everything else is [n][64].
  private final long keys;
  private final long keysTransposed;
  private final long valuesTransposed;
  private final long keySums;
  private final long valueSums;
  private final long weights;
  private final long gradients;
  private final long room;

  // Into what a worker has of the shared memory: blocks of [dim][64], and what is about each token.
  private final long outputsTransposed;
  private final long about;
  private final long workerBytes;
  private final long partsAt;
  private final long partBytes;
  private MemorySegment shared = MemorySegment.NULL;

  AttentionGradientPanels(
      AttentionGradientPlan plan, PanelProduct code, InnerLoops loops, int threads) {
    this.plan = plan;
    this.code = code;
    this.tile = loops.tile();
    this.math = loops.rows();
    this.blocks = (plan.tokens + BLOCK - 1) / BLOCK;
    this.dimPanels = plan.dim / BLOCK;
    this.valuePanels = plan.valueDim / BLOCK;
    long dimBytes = (long) dimPanels * PANEL_BYTES;
    long valueBytes = (long) valuePanels * PANEL_BYTES;
    this.keys = 0;
    this.keysTransposed = keys + dimBytes;
    this.keySums = keysTransposed + dimBytes;
    this.valuesTransposed = keySums + dimBytes;
    this.valueSums = valuesTransposed + valueBytes;
    this.weights = valueSums + valueBytes;
    this.gradients = weights + PANEL_BYTES;
    this.room = gradients + PANEL_BYTES;
    this.outputsTransposed = blocks * dimBytes;
    this.about = outputsTransposed + blocks * valueBytes;
    this.workerBytes = about + plan.padded * ABOUT_BYTES;
    this.partsAt = threads * workerBytes;
    this.partBytes = blocks * (dimBytes + valueBytes);
  }

  /** The products of tiles that have panels, if these take such heads; null otherwise. */
  static @Nullable PanelProduct of(GemmTile tile, int dim, int valueDim) {
    long panels = 3L * dim + 2L * valueDim + 2 * BLOCK + Math.max(dim, valueDim);
    boolean fits =
        tile.columns() == BLOCK
            && dim % BLOCK == 0
            && valueDim % BLOCK == 0
            && panels * ROW_BYTES <= Worker.SCRATCH_BYTES;
    return fits ? tile.panels() : null;
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
    for (int q = 0; q < plan.tokens; q += BLOCK) {
      long block = q / BLOCK;
      transpose(scratch, plan.query, q, head, shared, own + block * dimPanels * PANEL_BYTES);
      long outputs = own + outputsTransposed + block * valuePanels * PANEL_BYTES;
      transpose(scratch, plan.outputGradient, q, head, shared, outputs);
    }
    for (int token = 0; token < plan.tokens; token++) {
      long to = own + about + (long) token * ABOUT_BYTES;
      shared.set(Layouts.FLOAT, to, plan.logSumExp(token, head));
      shared.set(Layouts.FLOAT, to + 4, plan.delta(math, token, head));
    }
    for (int k = 0; k < plan.tokens; k += BLOCK) {
      keyBlock(scratch, own, head, k, Math.min(BLOCK, plan.tokens - k));
    }
  }

  /** Transposes up to 64 rows of a head; columns for those beyond are never used. */
  private void transpose(
      MemorySegment scratch, HostTensor rows, int from, int head, MemorySegment target, long to) {
    int n = rows.extent(2);
    int count = Math.min(BLOCK, plan.tokens - from);
    long first = AttentionGradientPlan.row(rows, from, head);
    long step = AttentionGradientPlan.rowBytes(rows);
    if (count == BLOCK) {
      code.pack(rows.segment(), DType.F32, first, step, n, false, target, to);
      return;
    }
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(rows.segment(), first + i * step, scratch, room + 4L * i * n, 4L * n);
    }
    code.pack(scratch, DType.F32, room, 4L * n, n, false, target, to);
  }

  private void keyBlock(MemorySegment scratch, long own, int head, int k, int columns) {
    int kvHead = head / plan.group;
    long from = AttentionGradientPlan.row(plan.key, k, kvHead);
    long step = AttentionGradientPlan.rowBytes(plan.key);
    for (int p = 0; p < dimPanels; p++) {
      long to = keys + (long) p * PANEL_BYTES;
      long source = from + (long) p * ROW_BYTES;
      tile.widenRows(plan.key.segment(), DType.F32, source, step, scratch, to, columns);
      math.scale(scratch, to, plan.scale, scratch, to, columns * BLOCK);
      long transposed = keysTransposed + (long) p * PANEL_BYTES;
      code.pack(scratch, DType.F32, to, ROW_BYTES, BLOCK, false, scratch, transposed);
    }
    transpose(scratch, plan.value, k, kvHead, scratch, valuesTransposed);
    for (int q = k; q < plan.tokens; q += BLOCK) {
      if (plan.blockVisibleFrom(q) < k + columns) {
        block(scratch, own, head, k, columns, q, Math.min(BLOCK, plan.tokens - q));
      }
    }
    for (int p = 0; p < dimPanels + valuePanels; p++) {
      long sums = p < dimPanels ? keySums : valueSums - (long) dimPanels * PANEL_BYTES;
      long source = sums + (long) p * PANEL_BYTES;
      long to = part(head, k / BLOCK, p);
      code.pack(scratch, DType.F32, source, ROW_BYTES, BLOCK, false, shared, to);
    }
  }

  /** What the queries of one block and the keys of another contribute to each other. */
  private void block(
      MemorySegment scratch, long own, int head, int k, int columns, int q, int rows) {
    multiply(plan.query, q, head, rows, scratch, keysTransposed, weights);
    multiply(plan.outputGradient, q, head, rows, scratch, valuesTransposed, gradients);
    long rowsAbout = own + about + (long) q * ABOUT_BYTES;
    for (int r = 0; r < rows; r++) {
      shared.set(Layouts.LONG, rowsAbout + (long) r * ABOUT_BYTES + 8, seen(k, columns, q + r));
    }
    code.weigh(scratch, weights, scratch, gradients, rows, shared, rowsAbout);
    boolean begun = k / BLOCK > plan.blockVisibleFrom(q) / BLOCK;
    MemorySegment ofQuery = plan.ofQuery.segment();
    long to = AttentionGradientPlan.row(plan.ofQuery, q, head);
    long step = AttentionGradientPlan.rowBytes(plan.ofQuery);
    for (int p = 0; p < dimPanels; p++) {
      long panel = keys + (long) p * PANEL_BYTES;
      long at = to + (long) p * ROW_BYTES;
      code.multiply(
          false, scratch, gradients, ROW_BYTES, rows, scratch, panel, columns, begun, ofQuery, at,
          step, -1);
    }
    // The first queries that see a block of keys are those of the same tokens.
    boolean adds = q > k;
    long outputs = own + outputsTransposed + (long) (q / BLOCK) * valuePanels * PANEL_BYTES;
    add(scratch, outputs, plan.valueDim, rows, weights, adds, valueSums);
    long queries = own + (long) (q / BLOCK) * dimPanels * PANEL_BYTES;
    add(scratch, queries, plan.dim, rows, gradients, adds, keySums);
  }

  /** The keys of a block that a token sees, a bit for each. */
  private long seen(int k, int columns, int token) {
    int from = Math.clamp((long) plan.visibleFrom(token) - k, 0, columns);
    int to = Math.clamp(token + 1L - k, 0, columns);
    return AttentionPanels.columns(from, to);
  }

  /** Products of the rows of a head with a transposed block. */
  private void multiply(
      HostTensor tensor,
      int token,
      int head,
      int rows,
      MemorySegment scratch,
      long transposed,
      long to) {
    int n = tensor.extent(2);
    long from = AttentionGradientPlan.row(tensor, token, head);
    long step = AttentionGradientPlan.rowBytes(tensor);
    for (int d = 0; d < n; d += MAX_DEPTH) {
      long panel = transposed + (long) d * ROW_BYTES;
      int depth = Math.min(MAX_DEPTH, n - d);
      code.multiply(
          false,
          tensor.segment(),
          from + 4L * d,
          step,
          rows,
          scratch,
          panel,
          depth,
          d > 0,
          scratch,
          to,
          ROW_BYTES,
          -1);
    }
  }

  /** Adds the product of transposed queries, or output gradients, with weights or gradients. */
  private void add(
      MemorySegment scratch,
      long transposed,
      int n,
      int rows,
      long panel,
      boolean adds,
      long sums) {
    code.multiply(
        false,
        shared,
        transposed,
        ROW_BYTES,
        n,
        scratch,
        panel,
        rows,
        adds,
        scratch,
        sums,
        ROW_BYTES,
        -1);
  }

  @Override
  public int sums() {
    return blocks * plan.kvHeads;
  }

  @Override
  public void sum(int chunk) {
    int kvHead = chunk % plan.kvHeads;
    int block = chunk / plan.kvHeads;
    for (int p = 0; p < dimPanels + valuePanels; p++) {
      long sum = part(kvHead * plan.group, block, p);
      for (int g = 1; g < plan.group; g++) {
        long part = part(kvHead * plan.group + g, block, p);
        int n = BLOCK * BLOCK;
        math.binary(Binary.Kind.ADD, shared, sum, false, shared, part, false, shared, sum, n);
      }
      boolean ofKeys = p < dimPanels;
      HostTensor target = ofKeys ? plan.ofKey : plan.ofValue;
      float factor = ofKeys ? plan.scale : 1;
      int panel = ofKeys ? p : p - dimPanels;
      for (int token = block * BLOCK; token < Math.min(plan.tokens, (block + 1) * BLOCK); token++) {
        long to = AttentionGradientPlan.row(target, token, kvHead) + (long) panel * ROW_BYTES;
        long from = sum + (long) (token - block * BLOCK) * ROW_BYTES;
        math.scale(shared, from, factor, target.segment(), to, BLOCK);
      }
    }
  }

  /** A head's own gradients of a block of keys or values, 64 elements of each. */
  private long part(int head, int block, int panel) {
    long which = (long) block * (dimPanels + valuePanels) + panel;
    return partsAt + head * partBytes + which * PANEL_BYTES;
  }
}
