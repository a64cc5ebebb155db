package dev.wick.engine.model;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The logits of a step, in arrays that are used again by the next step. Belongs to one caller; one
 * thread at a time.
 */
public final class StepOutput {
  private final List<float[]> rows = new ArrayList<>();
  private final List<MemorySegment> segments = new ArrayList<>(); // the same memory
  private float[] logSumExp = new float[1];
  private int[] argMax = new int[1];
  private int count;

  /** An empty output that grows with the first step. */
  public StepOutput() {}

  /** Number of rows that the last step filled. */
  public int rows() {
    return count;
  }

  /** Logits [vocab] of a row, in the order in which rows asked; the caller may change them. */
  public float[] logits(int row) {
    return rows.get(Objects.checkIndex(row, count));
  }

  /** The memory of a row of logits. */
  MemorySegment segment(int row) {
    return segments.get(Objects.checkIndex(row, count));
  }

  /** {@code log(sum(exp(logits)))} of a row, before any change. */
  public float logSumExp(int row) {
    return logSumExp[Objects.checkIndex(row, count)];
  }

  /** Index of the largest logit of a row, before any change. */
  public int argMax(int row) {
    return argMax[Objects.checkIndex(row, count)];
  }

  /**
   * Makes room for a step's rows; called by models.
   *
   * @param vocabSize length of each row
   */
  public void resize(int rowCount, int vocabSize) {
    if (!rows.isEmpty() && rows.getFirst().length != vocabSize) {
      rows.clear();
      segments.clear();
    }
    while (rows.size() < rowCount) {
      float[] row = new float[vocabSize];
      rows.add(row);
      segments.add(MemorySegment.ofArray(row));
    }
    if (logSumExp.length < rowCount) {
      logSumExp = new float[rowCount];
      argMax = new int[rowCount];
    }
    count = rowCount;
  }

  /** Sets what is known of a row besides its logits; called by models. */
  public void summarize(int row, float rowLogSumExp, int rowArgMax) {
    logSumExp[Objects.checkIndex(row, count)] = rowLogSumExp;
    argMax[row] = rowArgMax;
  }
}
