package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The products of attention on {@link PanelProduct}, which reads queries and weights as rows where
 * they are, and transposes keys in one go where they lie evenly spaced.
 *
 * @param room bytes into scratch where 64 keys can be collected
 */
record AttentionPanels(
    AttentionPlan plan,
    PanelProduct code,
    GemmTile tile,
    RowMath math,
    BlockRows blocks,
    long room) {
  private static final int WIDTH = PanelProduct.COLUMNS;

  /** Rows of weights and values that are multiplied at a time: a panel of the first-level cache. */
  private static final int MAX_DEPTH = 128;

  /** Elements in whose multiples a transposition takes rows. */
  private static final int DEPTH_UNIT = 32;

  /** The products of tiles that have panels, if these take such heads; null otherwise. */
  static @Nullable PanelProduct of(GemmTile tile, long headDim) {
    PanelProduct code = tile.panels();
    return tile.columns() == WIDTH && headDim % DEPTH_UNIT == 0 ? code : null;
  }

  /** Bytes of {@link #room}. */
  static long roomBytes(long headDim) {
    return 4L * WIDTH * headDim;
  }

  /** Copies scaled queries as rows. */
  void packQueries(MemorySegment scratch, int firstToken, int rows, int kvHead, long to) {
    int dim = plan.headDim;
    MemorySegment query = plan.query.segment();
    for (int r = 0; r < rows; r += plan.group) {
      // The heads of a group are neighbours.
      long from = plan.query(firstToken + r / plan.group, kvHead * plan.group);
      math.scale(query, from, plan.scale, scratch, to + 4L * r * dim, plan.group * dim);
    }
  }

  /**
   * Transposes up to 64 keys from a position on. What stands for those beyond gives scores that
   * nobody looks at.
   */
  void packKeys(MemorySegment scratch, int s, int position, int columns, int kvHead, long to) {
    int dim = plan.headDim;
    long first = plan.key(s, position, kvHead);
    if (columns == WIDTH && !plan.hasPackedKeys()) {
      long step = plan.key(s, position + 1, kvHead) - first;
      int j = 2;
      while (j < columns && plan.key(s, position + j, kvHead) == first + j * step) {
        j++;
      }
      if (j == columns && step > 0) {
        code.pack(plan.keys.segment(), DType.F32, first, step, dim, false, scratch, to);
        return;
      }
    }
    for (int j = 0; j < columns; j++) {
      long from = plan.key(s, position + j, kvHead);
      long row = room + 4L * j * dim;
      if (plan.hasPackedKeys()) {
        blocks.widen(plan.keys.dtype(), plan.keys.segment(), from, dim, scratch, row);
      } else {
        MemorySegment.copy(plan.keys.segment(), from, scratch, row, 4L * dim);
      }
    }
    code.pack(scratch, DType.F32, room, 4L * dim, dim, false, scratch, to);
  }

  /**
   * Copies values from a position on, if they are evenly spaced rows of 64 elements.
   *
   * @return whether they are
   */
  boolean packValues(MemorySegment scratch, int s, int position, int columns, int kvHead, long to) {
    if (plan.hasPackedValues() || plan.valueDim != WIDTH || columns < 2) {
      return false;
    }
    long first = plan.value(s, position, kvHead);
    long step = plan.value(s, position + 1, kvHead) - first;
    for (int j = 2; j < columns; j++) {
      if (plan.value(s, position + j, kvHead) != first + j * step) {
        return false;
      }
    }
    if (step <= 0) {
      return false;
    }
    tile.widenRows(plan.values.segment(), DType.F32, first, step, scratch, to, columns);
    return true;
  }

  /** Multiplies all queries with a panel of keys. */
  void score(
      MemorySegment scratch, long queries, int rows, long keys, long scores, long scoreBytes) {
    int dim = plan.headDim;
    code.multiply(
        false,
        scratch,
        queries,
        4L * dim,
        rows,
        scratch,
        keys,
        dim,
        false,
        scratch,
        scores,
        scoreBytes,
        -1);
  }

  /** Writes which scores of panels that begin at a position the heads of a token see. */
  void writeSeen(MemorySegment scratch, int token, int position, int wide, long about) {
    long from = plan.firstVisible(token) - (long) position;
    long to = plan.position(token) + 1L - position;
    for (int panel = 0; panel < wide; panel++) {
      long before = (long) panel * WIDTH;
      long seen = columns(Math.clamp(from - before, 0, WIDTH), Math.clamp(to - before, 0, WIDTH));
      long at = about + PanelProduct.SOFTMAX_BYTES + 8L * panel;
      for (int head = 0; head < plan.group; head++) {
        scratch.set(Layouts.LONG, at + head * PanelProduct.softmaxBytes(wide), seen);
      }
    }
  }

  /** A bit for each of 64 columns from one to before another. */
  static long columns(int from, int to) {
    return to <= from ? 0 : -1L >>> (WIDTH - to) & -1L << from;
  }

  /** Adds the product of weights and a panel of values. */
  void addValues(
      MemorySegment scratch,
      long weights,
      long weightBytes,
      int rows,
      int depth,
      long values,
      long sums,
      long sumBytes) {
    for (int from = 0; from < depth; from += MAX_DEPTH) {
      code.multiply(
          false,
          scratch,
          weights + 4L * from,
          weightBytes,
          rows,
          scratch,
          values + 4L * from * WIDTH,
          Math.min(MAX_DEPTH, depth - from),
          true,
          scratch,
          sums,
          sumBytes,
          -1);
    }
  }
}
