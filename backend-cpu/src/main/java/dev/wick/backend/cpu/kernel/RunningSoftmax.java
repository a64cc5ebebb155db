package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.loop.RowMath;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The softmax of rows of which one block of scores is seen after the other (Milakov and Gimelshein
 * 2018, arXiv:1805.02867): with each larger maximum, what was summed so far shrinks. Everything is
 * in a worker's scratch.
 *
 * @param panels takes all rows in one call where there is one, up to the first that is special
 * @param scores of the block; they become weights
 * @param sums of values by weights, which shrink
 * @param stateAt where the maximum and the sum of weights of each row are
 * @param aboutAt room for what a panel product reads about each row
 */
record RunningSoftmax(
    AttentionPlan plan,
    RowMath math,
    @Nullable AttentionPanels panels,
    Rows scores,
    Rows sums,
    long stateAt,
    long aboutAt) {
  static final long STATE_BYTES = 8;

  /** Rows of F32 in scratch. */
  record Rows(long offset, long rowBytes) {
    long at(int row) {
      return offset + row * rowBytes;
    }
  }

  /** Bytes of scratch for each row. */
  static long rowBytes(int panels) {
    return STATE_BYTES + PanelProduct.softmaxBytes(panels);
  }

  /** Forgets what rows have seen. */
  void begin(MemorySegment scratch, int rows) {
    for (int r = 0; r < rows; r++) {
      set(scratch, r, Float.NEGATIVE_INFINITY, 0);
    }
  }

  float max(MemorySegment scratch, int row) {
    return scratch.get(Layouts.FLOAT, stateAt + STATE_BYTES * row);
  }

  float sum(MemorySegment scratch, int row) {
    return scratch.get(Layouts.FLOAT, stateAt + STATE_BYTES * row + 4);
  }

  private void set(MemorySegment scratch, int row, float max, float sum) {
    scratch.set(Layouts.FLOAT, stateAt + STATE_BYTES * row, max);
    scratch.set(Layouts.FLOAT, stateAt + STATE_BYTES * row + 4, sum);
  }

  /**
   * Turns the scores of a block into weights under the running maxima.
   *
   * @param position of the first column
   * @param wide panels of the block
   * @param columns of all of them
   */
  void block(MemorySegment scratch, int rows, int firstToken, int position, int wide, int columns) {
    int done = panels == null ? 0 : panels(panels, scratch, rows, firstToken, position, wide);
    for (int r = done; r < rows; r++) {
      row(scratch, r, firstToken + r / plan.group, position, columns);
    }
  }

  private int panels(
      AttentionPanels code,
      MemorySegment scratch,
      int rows,
      int firstToken,
      int position,
      int wide) {
    long aboutBytes = PanelProduct.softmaxBytes(wide);
    for (int r = 0; r < rows; r++) {
      long about = aboutAt + r * aboutBytes;
      scratch.set(Layouts.FLOAT, about, max(scratch, r));
      if (r % plan.group == 0) {
        code.writeSeen(scratch, firstToken + r / plan.group, position, wide, about);
      }
    }
    int done =
        code.code()
            .softmax(scratch, scores.offset(), scores.rowBytes(), wide, rows, scratch, aboutAt);
    for (int r = 0; r < done; r++) {
      long about = aboutAt + r * aboutBytes;
      float max = scratch.get(Layouts.FLOAT, about);
      add(scratch, r, max, scratch.get(Layouts.FLOAT, about + 4));
    }
    return done;
  }

  private void row(MemorySegment scratch, int row, int token, int position, int columns) {
    long at = scores.at(row);
    int from = Math.clamp(plan.firstVisible(token) - (long) position, 0, columns);
    int to = Math.clamp(plan.position(token) + 1L - position, 0, columns);
    int count = Math.max(0, to - from);
    float max = Math.max(max(scratch, row), math.max(scratch, at + 4L * from, count));
    if (count == 0 || max == Float.NEGATIVE_INFINITY) {
      scratch.asSlice(at, 4L * columns).fill((byte) 0);
      return;
    }
    float sum = math.exp(scratch, at + 4L * from, max, scratch, at + 4L * from, count);
    if (count < columns) {
      scratch.asSlice(at, 4L * from).fill((byte) 0);
      scratch.asSlice(at + 4L * to, 4L * (columns - to)).fill((byte) 0);
    }
    add(scratch, row, max, sum);
  }

  /** Takes weights into account whose sum is under a maximum that may be a new one. */
  private void add(MemorySegment scratch, int row, float max, float sum) {
    float old = max(scratch, row);
    float before = sum(scratch, row);
    if (max != old && old != Float.NEGATIVE_INFINITY) {
      float shrink = (float) Math.exp(old - max);
      before *= shrink;
      math.scale(scratch, sums.at(row), shrink, scratch, sums.at(row), plan.valueDim);
    }
    set(scratch, row, max, before + sum);
  }
}
