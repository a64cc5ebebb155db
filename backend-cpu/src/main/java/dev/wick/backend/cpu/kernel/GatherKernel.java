package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.tensor.Layout;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Rows of a table, by index. */
final class GatherKernel implements CpuKernel, Region {
  private static final long CHUNK_BYTES = 1 << 17;

  private final HostTensor table;
  private final HostTensor indices;
  private final HostTensor result;
  private final @Nullable IndexedRows rows;
  private final long count;
  private final long rowBytes;
  private final long perChunk;
  private final int chunks;

  GatherKernel(HostTensor table, HostTensor indices, HostTensor result) {
    this.table = table;
    this.indices = indices;
    count = indices.size();
    this.result = result;
    HostTensor source = table.firstRow();
    Layout row = Layout.contiguous(source.shape());
    rowBytes = result.dtype().byteSize(source.size());
    rows =
        table.dtype().isQuantized()
            ? null
            : new IndexedRows(
                source, new HostTensor(result.segment(), result.offset(), result.dtype(), row));
    perChunk = Math.max(1, Math.max(CHUNK_BYTES / Math.max(1, rowBytes), count >> 16));
    chunks = Math.toIntExact((count + perChunk - 1) / perChunk);
  }

  @Override
  public void run(Execution execution) {
    execution.run(this, chunks);
  }

  @Override
  public void run(Worker worker, int chunk) {
    long end = Math.min(count, (chunk + 1) * perChunk);
    for (long i = chunk * perChunk; i < end; i++) {
      int index = indices.intAt(i);
      Indices.check("gather", "indices", index, table.shape().extent(0));
      if (rows != null) {
        rows.copy(index * table.stride(0), i * rowBytes);
      } else {
        long from = table.offset() + index * rowBytes; // blocks are contiguous
        long to = result.offset() + i * rowBytes;
        MemorySegment.copy(table.segment(), from, result.segment(), to, rowBytes);
      }
    }
  }
}
