package dev.wick.backend.cpu.gemm;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Product of one left operand, whose rows are contiguous, with one or several right operands, where
 * there is a {@link PanelProduct}: the rows are read where they are, and a panel of the right
 * operand stays in the first-level cache while all rows are multiplied with it.
 *
 * <p>Bound once, run often; running allocates nothing.
 */
public final class PanelGemm {
  private static final int COLUMNS = PanelProduct.COLUMNS;
  private static final int MAX_WORDS = 128;
  private static final int DEPTH_UNIT = 32;
  private static final int MAX_ROWS = 512;
  private static final int MIN_PART_ROWS = 96;
  private static final int ROUNDED_ROWS = 8;

  /**
   * Elements of a left operand that no second-level cache holds. Several panels take turns at each
   * step of the depth then, so that it is read once for all of them.
   */
  private static final long DEEP_ELEMENTS = 1L << 22;

  private static final int GROUPS_PER_THREAD = 2;

  private final PanelProduct code;
  private final GemmTile tile;
  private final LeftOperand left;
  private final Gemm.Product[] products;
  private final int[] firstPanel;
  private final int panels;
  private final int parts;
  private final int groups;
  private final boolean rounds;
  private final int floatStep;
  private final int pairStep;
  private final long wordsAt;
  private final long planAt;
  private final long edgeAt;
  private final Region roundRegion = this::round;
  private final Region multiplyRegion = this::multiply;
  private MemorySegment rounded = MemorySegment.NULL;

  /**
   * Binds the operands.
   *
   * @param tile a tile of the same columns, which packs what the product itself does not
   * @param mayRound whether the left operand may be rounded to BF16 for products with BF16, and
   *     both operands for products with blocks
   */
  public PanelGemm(
      PanelProduct code,
      GemmTile tile,
      Execution execution,
      LeftOperand left,
      List<Gemm.Product> products,
      boolean mayRound) {
    this(code, tile, execution, left, products, mayRound, DEEP_ELEMENTS);
  }

  /** With the elements from which on a left operand counts as too large for a cache. */
  PanelGemm(
      PanelProduct code,
      GemmTile tile,
      Execution execution,
      LeftOperand left,
      List<Gemm.Product> products,
      boolean mayRound,
      long deepElements) {
    this.code = code;
    this.tile = tile;
    this.left = left;
    this.products = products.toArray(Gemm.Product[]::new);
    this.firstPanel = new int[products.size()];
    int count = 0;
    for (int i = 0; i < firstPanel.length; i++) {
      firstPanel[i] = count;
      count += Gemm.ceilDiv(this.products[i].right().n(), COLUMNS);
    }
    panels = count;
    int wanted = Gemm.ceilDiv(4 * execution.threads(), Math.max(1, panels));
    parts =
        Math.max(Gemm.ceilDiv(left.m(), MAX_ROWS), Math.clamp(left.m() / MIN_PART_ROWS, 1, wanted));
    boolean deep = products.size() == 1 && (long) left.m() * left.k() >= deepElements;
    groups = deep ? Math.min(panels, GROUPS_PER_THREAD * execution.threads()) : panels;
    rounds = mayRound && code.takesPairs() && products.stream().anyMatch(this::isRounded);
    int unit = DEPTH_UNIT;
    for (Gemm.Product product : products) {
      unit = Math.max(unit, product.right().depthUnit());
    }
    floatStep = step(left.k(), MAX_WORDS, unit);
    pairStep = step(left.k(), 2 * MAX_WORDS, unit);
    wordsAt = 4L * Math.max(floatStep, pairStep) * COLUMNS;
    // As much again, since rows of blocks are expanded before they are rounded.
    planAt = 2 * wordsAt;
    edgeAt = planAt + PanelProduct.PLAN_BYTES;
    if (rounds) {
      execution.reserveShared(2L * left.m() * left.k());
    }
  }

  private static int step(int depth, int max, int unit) {
    int blocks = Math.max(1, Gemm.ceilDiv(depth, max));
    return Gemm.ceilDiv(Gemm.ceilDiv(depth, blocks), unit) * unit;
  }

  /** Whether a left operand is one that this reads. */
  public static boolean fits(LeftOperand left) {
    return left.columnBytes() == 4;
  }

  private boolean isRounded(Gemm.Product product) {
    RightOperand right = product.right();
    boolean narrow =
        isTransposed(right)
            ? right.dtype() == DType.BF16 || right.dtype().isQuantized()
            : right.dtype() == DType.BF16 && right.columnBytes() == right.dtype().blockBytes();
    return narrow && left.k() % DEPTH_UNIT == 0;
  }

  private static boolean isTransposed(RightOperand right) {
    return switch (right.dtype()) {
      case F32, BF16, F16 -> right.rowBytes() == right.dtype().blockBytes();
      default -> right.rowBytes() == RightOperand.IN_BLOCKS;
    };
  }

  /** Computes every product. */
  public void run(Execution execution) {
    if (rounds) {
      rounded = execution.shared();
      execution.run(roundRegion, Gemm.ceilDiv(left.m(), ROUNDED_ROWS));
    }
    Gemm.run(execution, multiplyRegion, groups * parts, left.m());
  }

  private void round(Worker worker, int chunk) {
    int end = Math.min(left.m(), (chunk + 1) * ROUNDED_ROWS);
    for (int row = chunk * ROUNDED_ROWS; row < end; row++) {
      long from = left.offset() + row * left.rowBytes();
      code.round(left.segment(), from, left.k(), rounded, 2L * row * left.k());
    }
  }

  /** Multiplies (a part of) all rows with the panels of a group, step by step of the depth. */
  private void multiply(Worker worker, int chunk) {
    int group = chunk / parts;
    int part = chunk % parts;
    int begin = firstOf(group);
    int end = firstOf(group + 1);
    int first = (int) ((long) left.m() * part / parts);
    int rows = (int) ((long) left.m() * (part + 1) / parts) - first;
    MemorySegment scratch = worker.scratch();
    int step = stepOf(begin);
    for (int from = 0; from < left.k(); from += step) {
      for (int panel = begin; panel < end; panel++) {
        boolean last = panel + 1 == end;
        int next = last ? from + step : from;
        if (next < left.k()) {
          multiply(panel, first, rows, from, step, scratch, last ? begin : panel + 1, next);
        } else {
          multiply(panel, first, rows, from, step, scratch, firstOf((chunk + 1) / parts), 0);
        }
      }
    }
    for (int panel = begin; panel < end; panel++) {
      copyEdge(panel, first, rows, scratch);
    }
  }

  /** First panel of a group. */
  private int firstOf(int group) {
    return (int) ((long) panels * group / groups);
  }

  private int stepOf(int panel) {
    return rounds && isRounded(products[productOf(panel)]) ? pairStep : floatStep;
  }

  /**
   * Adds one step of the depth to what one panel gives.
   *
   * @param nextPanel panel that is packed next, and {@code nextFrom} its first row
   */
  private void multiply(
      int panel,
      int first,
      int rows,
      int from,
      int step,
      MemorySegment scratch,
      int nextPanel,
      int nextFrom) {
    int which = productOf(panel);
    Gemm.Product product = products[which];
    int column = (panel - firstPanel[which]) * COLUMNS;
    boolean pairs = rounds && isRounded(product);
    int depth = Math.min(step, left.k() - from);
    int width = Math.min(COLUMNS, product.right().n() - column);
    if (product.right().dtype().isQuantized() && isTransposed(product.right())) {
      packBlocks(product.right(), column, width, from, depth, pairs, scratch);
    } else if (pairs) {
      packPairs(product.right(), column, width, from, depth, scratch);
    } else {
      pack(product.right(), column, width, from, depth, scratch);
    }
    boolean edge = width < COLUMNS;
    code.multiply(
        pairs,
        pairs ? rounded : left.segment(),
        pairs
            ? 2L * ((long) first * left.k() + from)
            : left.offset() + first * left.rowBytes() + 4L * from,
        pairs ? 2L * left.k() : left.rowBytes(),
        rows,
        scratch,
        0,
        pairs ? depth / 2 : depth,
        from > 0,
        edge ? scratch : product.result(),
        edge ? edgeAt : product.offset() + first * product.rowBytes() + 4L * column,
        edge ? 4L * COLUMNS : product.rowBytes(),
        plan(nextPanel, nextFrom, step, scratch));
  }

  /** Copies what a panel that is not full gave; one that is has written to its place. */
  private void copyEdge(int panel, int first, int rows, MemorySegment scratch) {
    int which = productOf(panel);
    Gemm.Product product = products[which];
    int column = (panel - firstPanel[which]) * COLUMNS;
    int width = Math.min(COLUMNS, product.right().n() - column);
    long to = product.offset() + first * product.rowBytes() + 4L * column;
    for (int i = 0; i < rows && width < COLUMNS; i++) {
      long at = to + i * product.rowBytes();
      MemorySegment.copy(scratch, edgeAt + 4L * i * COLUMNS, product.result(), at, 4L * width);
    }
  }

  private int productOf(int panel) {
    int which = firstPanel.length - 1;
    while (firstPanel[which] > panel) {
      which--;
    }
    return which;
  }

  /**
   * Plans to read what is packed next, as most threads take chunks in their order: a panel is made
   * of short pieces of many rows, which the processor does not foresee.
   */
  private long plan(int panel, int from, int step, MemorySegment scratch) {
    if (panel >= panels) {
      return -1;
    }
    int which = productOf(panel);
    RightOperand right = products[which].right();
    int column = (panel - firstPanel[which]) * COLUMNS;
    int width = Math.min(COLUMNS, right.n() - column);
    int depth = Math.min(step, right.k() - from);
    return right.planReading(code, column, width, from, depth, scratch, planAt) ? planAt : -1;
  }

  private void pack(
      RightOperand right, int column, int width, int from, int depth, MemorySegment scratch) {
    if (width == COLUMNS && isTransposed(right) && depth % DEPTH_UNIT == 0) {
      long at = right.offset() + from * right.rowBytes() + column * right.columnBytes();
      code.pack(right.segment(), right.dtype(), at, right.columnBytes(), depth, false, scratch, 0);
    } else {
      // Even, so that 16-bit elements come in pairs.
      right.pack(tile, column, from, (depth + 1) & -2, scratch, 0, scratch, wordsAt);
    }
  }

  private void packPairs(
      RightOperand right, int column, int width, int from, int depth, MemorySegment scratch) {
    long at = right.offset() + from * right.rowBytes() + column * right.columnBytes();
    if (!isTransposed(right)) {
      pairRows(right, at, width, depth, scratch);
      return;
    }
    if (width == COLUMNS) {
      code.pack(right.segment(), DType.BF16, at, right.columnBytes(), depth, true, scratch, 0);
      return;
    }
    long rowBytes = 2L * depth;
    for (int j = 0; j < width; j++) {
      long row = at + j * right.columnBytes();
      MemorySegment.copy(right.segment(), row, scratch, wordsAt + j * rowBytes, rowBytes);
    }
    scratch.asSlice(wordsAt + width * rowBytes, (COLUMNS - width) * rowBytes).fill((byte) 0);
    code.pack(scratch, DType.BF16, wordsAt, rowBytes, depth, true, scratch, 0);
  }

  private void pairRows(RightOperand right, long at, int width, int depth, MemorySegment scratch) {
    if (width == COLUMNS) {
      code.pairRows(right.segment(), at, right.rowBytes(), depth, scratch, 0);
      return;
    }
    long rowBytes = 2L * COLUMNS;
    scratch.asSlice(wordsAt, depth * rowBytes).fill((byte) 0);
    for (int p = 0; p < depth; p++) {
      long row = at + p * right.rowBytes();
      MemorySegment.copy(right.segment(), row, scratch, wordsAt + p * rowBytes, 2L * width);
    }
    code.pairRows(scratch, wordsAt, rowBytes, depth, scratch, 0);
  }

  private void packBlocks(
      RightOperand right,
      int column,
      int width,
      int from,
      int depth,
      boolean pairs,
      MemorySegment scratch) {
    RightOperand.Tiles tiles = right.tiles();
    if (tiles != null && (!pairs || tiles.dot().takesPairs())) {
      right.packTiles(tiles, column, from, depth, width, pairs, scratch, 0, 4L * COLUMNS);
      return;
    }
    right.widenRows(column, width, from, depth, scratch, wordsAt);
    scratch.asSlice(wordsAt + 4L * width * depth, 4L * (COLUMNS - width) * depth).fill((byte) 0);
    if (pairs) {
      code.round(scratch, wordsAt, COLUMNS * depth, scratch, wordsAt);
    }
    DType dtype = pairs ? DType.BF16 : DType.F32;
    code.pack(scratch, dtype, wordsAt, dtype.byteSize(depth), depth, pairs, scratch, 0);
  }
}
