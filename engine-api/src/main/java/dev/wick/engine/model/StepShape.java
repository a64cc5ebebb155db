package dev.wick.engine.model;

/**
 * What a traced step depends on; steps of equal shape run the same program.
 *
 * @param tableWidth blocks per sequence in the block table, rounded up so that a growing sequence
 *     rarely changes shape
 * @param adapters what adapters the program computes with
 */
record StepShape(int rows, int sequences, int logitRows, int tableWidth, AdapterShape adapters) {
  private static final int SMALLEST_TABLE = 16;

  static StepShape of(StepBatch batch, AdapterShape adapters) {
    int widest = SMALLEST_TABLE;
    for (StepBatch.Sequence sequence : batch.sequences()) {
      widest = Math.max(widest, sequence.lease().blocks());
    }
    int width = Integer.highestOneBit(widest - 1) << 1;
    return new StepShape(
        batch.rows(), batch.sequences().size(), batch.logitRows(), width, adapters);
  }

  /** Ints of all inputs together. */
  int inputLength() {
    return 4 * rows + sequences * tableWidth + logitRows;
  }
}
