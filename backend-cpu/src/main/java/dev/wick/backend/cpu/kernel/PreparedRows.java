package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;

/**
 * The rows of a left operand in the form that dot products read: prepared in shared memory, by all
 * threads where there is much to do, or where they are if that form is the plain one.
 */
final class PreparedRows {
  private static final long MIN_SHARED_WORK = 1 << 16;

  private final LeftOperand left;
  private final Preparation preparation;
  private final boolean plain;
  private final long preparedBytes;
  private final Region region = this::prepare;
  private MemorySegment memory = MemorySegment.NULL;

  /** What brings a row into its form. */
  interface Preparation {
    /** Prepares {@code n} elements. */
    void apply(MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset);
  }

  /**
   * Rows that are contiguous.
   *
   * @param plain whether preparing only copies
   * @param preparedBytes of a row
   */
  PreparedRows(
      Execution execution,
      LeftOperand left,
      Preparation preparation,
      boolean plain,
      long preparedBytes) {
    this.left = left;
    this.preparation = preparation;
    this.plain = plain;
    this.preparedBytes = preparedBytes;
    if (!plain) {
      execution.reserveShared(left.m() * preparedBytes);
    }
  }

  /** Prepares all rows. */
  void run(Execution execution) {
    if (plain) {
      memory = left.segment();
      return;
    }
    memory = execution.shared();
    if (left.m() * preparedBytes >= MIN_SHARED_WORK) {
      execution.run(region, left.m());
      return;
    }
    for (int row = 0; row < left.m(); row++) {
      prepare(execution.caller(), row);
    }
  }

  private void prepare(Worker worker, int row) {
    long from = left.offset() + row * left.rowBytes();
    preparation.apply(left.segment(), from, left.k(), memory, row * preparedBytes);
  }

  /** What the rows are in, once they are prepared. */
  MemorySegment memory() {
    return memory;
  }

  /** Bytes to a row. */
  long at(int row) {
    return (plain ? left.offset() : 0) + row * rowBytes();
  }

  /** Bytes between rows. */
  long rowBytes() {
    return plain ? left.rowBytes() : preparedBytes;
  }
}
