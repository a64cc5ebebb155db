package dev.wick.engine.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Which rows of a step use which adapters: runs of rows for what lies in the pool, and the variants
 * that the step's program has to be traced with.
 */
final class AdapterBatch {
  /** The adapters and the rows of each sequence of the step that this was made for. */
  private final List<List<AdapterUse>> madeFor = new ArrayList<>();

  private final List<int[]> rowsMadeFor = new ArrayList<>();
  private final List<Run> runs = new ArrayList<>();
  private List<AdapterVariant> variants = List.of();
  private boolean uniform;

  /** Whether the step has the same rows with the same adapters as the one before. */
  boolean isFor(StepBatch step) {
    List<StepBatch.Sequence> sequences = step.sequences();
    if (sequences.size() != madeFor.size()) {
      return false;
    }
    for (int s = 0; s < sequences.size(); s++) {
      StepBatch.Sequence sequence = sequences.get(s);
      int[] rows = rowsMadeFor.get(s);
      if (rows[0] != sequence.rows()
          || rows[1] != sequence.logitRows()
          || !sequence.adapters().equals(madeFor.get(s))) {
        return false;
      }
    }
    return true;
  }

  void clear() {
    madeFor.clear();
    rowsMadeFor.clear();
    runs.clear();
    variants = List.of();
    uniform = false;
  }

  void set(StepBatch step, LoraPool pool, List<AdapterVariant> needed) {
    int row = 0;
    int logitRow = 0;
    uniform = needed.size() == 1;
    for (StepBatch.Sequence sequence : step.sequences()) {
      for (AdapterUse use : sequence.adapters()) {
        LoraResident resident = pool.find(use.adapter()).orElseThrow();
        add(new Run(use, resident, row, sequence.rows(), logitRow, sequence.logitRows()));
      }
      uniform &= sequence.adapters().stream().anyMatch(use -> isOf(needed, use));
      row += sequence.rows();
      logitRow += sequence.logitRows();
      madeFor.add(sequence.adapters());
      rowsMadeFor.add(new int[] {sequence.rows(), sequence.logitRows()});
    }
    variants = List.copyOf(needed);
  }

  private static boolean isOf(List<AdapterVariant> variants, AdapterUse use) {
    return variants.stream().anyMatch(variant -> variant.holds(use.adapter()));
  }

  /** Joins a run to the one before it if only the rows differ. */
  private void add(Run run) {
    for (int i = 0; i < runs.size(); i++) {
      Run before = runs.get(i);
      if (before.use().equals(run.use()) && before.row() + before.rows() == run.row()) {
        runs.set(i, before.with(run.rows(), run.logitRows()));
        return;
      }
    }
    runs.add(run);
  }

  List<Run> runs() {
    return runs;
  }

  /** Room for runs in the program: a power of two, so that few programs are traced. */
  int uses() {
    return runs.size() <= 1 ? runs.size() : Integer.highestOneBit(runs.size() - 1) << 1;
  }

  List<AdapterVariant> variants() {
    return variants;
  }

  /** Whether all rows use the only variant. */
  boolean isUniform() {
    return uniform;
  }

  /** An adapter on rows that follow each other. */
  record Run(
      AdapterUse use, LoraResident resident, int row, int rows, int logitRow, int logitRows) {
    Run with(int moreRows, int moreLogitRows) {
      return new Run(use, resident, row, rows + moreRows, logitRow, logitRows + moreLogitRows);
    }
  }
}
