package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Scatter;
import java.util.List;

/** Writes rows into a table in place, in the order of the indices. */
final class ScatterKernel implements CpuKernel {
  private final Scatter op;
  private final RowMath math;
  private final HostTensor table;
  private final HostTensor indices;
  private final HostTensor updates;
  private final HostTensor tableRow;
  private final HostTensor updateRow;
  private final IndexedRows rows;
  private final RowWalk walk;

  ScatterKernel(
      Scatter op, RowMath math, HostTensor table, HostTensor indices, HostTensor updates) {
    this.op = op;
    this.math = math;
    this.table = table;
    this.indices = indices;
    this.updates = updates;
    this.tableRow = table.firstRow();
    this.updateRow = updates.firstRow();
    this.rows = new IndexedRows(updateRow, tableRow);
    this.walk = new RowWalk(tableRow.shape(), List.of(updateRow, tableRow));
  }

  @Override
  public void run(Execution execution) {
    long count = indices.size();
    for (long i = 0; i < count; i++) {
      Indices.check(op.name(), "indices", indices.intAt(i), table.shape().extent(0));
    }
    for (long i = 0; i < count; i++) {
      long to = indices.intAt(i) * table.stride(0);
      long from = i * updates.stride(0);
      if (op.mode() == Scatter.Mode.SET) {
        rows.copy(from, to);
      } else {
        add(from, to);
      }
    }
  }

  private void add(long from, long to) {
    int n = Math.toIntExact(walk.inner());
    boolean plain = n == 1 || walk.innerStride(0) == 4;
    for (long r = 0; r < walk.rows(); r++) {
      long a = walk.offset(0, r) + from;
      long b = walk.offset(1, r) + to;
      int step = plain ? n : 1;
      for (int i = 0; i < n; i += step) {
        math.binary(
            Binary.Kind.ADD,
            tableRow.segment(),
            b + 4L * i,
            false,
            updateRow.segment(),
            a + i * walk.innerStride(0),
            false,
            tableRow.segment(),
            b + 4L * i,
            step);
      }
    }
  }
}
