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
    for (int i = 0; i < batch.sequences().size(); i++) {
      widest = Math.max(widest, batch.sequences().get(i).lease().blocks());
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
