package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;

/**
 * A function of whole rows: the operand and the results are contiguous, and rows are independent.
 */
abstract class RowsKernel implements CpuKernel, Region {
  private static final long CHUNK_ELEMENTS = 8_192;

  private final long rows;
  private final long perChunk;
  private final int chunks;

  RowsKernel(long rows, long rowElements) {
    this.rows = rows;
    perChunk = Math.max(Math.max(1, CHUNK_ELEMENTS / Math.max(1, rowElements)), rows >> 16);
    chunks = Math.toIntExact((rows + perChunk - 1) / perChunk);
  }

  /** Computes one row. */
  abstract void row(long row);

  @Override
  public final void run(Execution execution) {
    execution.run(this, chunks);
  }

  @Override
  public final void run(Worker worker, int chunk) {
    long end = Math.min(rows, (chunk + 1) * perChunk);
    for (long row = chunk * perChunk; row < end; row++) {
      row(row);
    }
  }
}
