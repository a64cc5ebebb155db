package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Quantization;

/**
 * Packs rows into a table of blocks in place. Each chunk packs the same block of every row, one row
 * after the other, so that of rows with one index the last stays.
 */
final class ScatterBlocksKernel implements CpuKernel, Region {
  /** Elements below which waking a thread costs more than it brings. */
  private static final long SMALL = 1 << 14;

  private final Scatter op;
  private final HostTensor table;
  private final HostTensor indices;
  private final HostTensor updates;
  private final long rowElements;
  private final int chunks;

  /** Binds the operands; updates are contiguous, and so is a table of blocks. */
  ScatterBlocksKernel(Scatter op, HostTensor table, HostTensor indices, HostTensor updates) {
    this.op = op;
    this.table = table;
    this.indices = indices;
    this.updates = updates;
    this.rowElements = table.shape().without(0).size();
    this.chunks = Math.toIntExact(rowElements / table.dtype().blockElements());
  }

  @Override
  public void run(Execution execution) {
    long count = indices.size();
    for (long i = 0; i < count; i++) {
      Indices.check(op.name(), "indices", indices.intAt(i), table.shape().extent(0));
    }
    if (updates.size() < SMALL) {
      pack(0, rowElements);
    } else {
      execution.run(this, chunks);
    }
  }

  @Override
  public void run(Worker worker, int chunk) {
    int block = table.dtype().blockElements();
    pack((long) chunk * block, block);
  }

  /** Packs some elements of each row. */
  private void pack(long first, long elements) {
    DType dtype = table.dtype();
    long count = indices.size();
    for (long i = 0; i < count; i++) {
      long to = table.offset() + dtype.byteSize(indices.intAt(i) * rowElements + first);
      long from = updates.offset() + 4 * (i * rowElements + first);
      Quantization.encodeOrNan(dtype, updates.segment(), from, table.segment(), to, elements);
    }
  }
}
