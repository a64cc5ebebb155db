package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Pace;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A linear layer whose weight is chosen per row: rows are grouped by expert, and each weight is
 * read once.
 */
final class ExpertMatMulKernel implements CpuKernel {
  private static final int GROUP = 4;
  private static final int ROWS_PER_CHUNK = 128;

  private final RowDot dot;
  private final HostTensor x;
  private final HostTensor[] weights;
  private final HostTensor result;
  private final int in;
  private final int out;
  private final int slots;
  private final boolean sharedRow;
  private final long preparedBytes;
  private final ExpertRows sorted;
  private final int rangesPerExpert;
  private final Region prepareRegion = this::prepare;
  private final Region multiplyRegion = this::multiply;
  private final Pace pace = new Pace();
  private MemorySegment prepared = MemorySegment.NULL;

  ExpertMatMulKernel(
      RowDot dot,
      Execution execution,
      HostTensor x,
      HostTensor experts,
      List<HostTensor> weights,
      HostTensor result) {
    this.dot = dot;
    this.x = x;
    this.weights = weights.toArray(HostTensor[]::new);
    this.result = result;
    this.in = x.extent(2);
    this.out = result.extent(2);
    this.slots = experts.extent(1);
    this.sharedRow = x.extent(1) == 1;
    this.preparedBytes = RowDot.preparedBytes(in);
    this.sorted = new ExpertRows(experts, this.weights.length);
    this.rangesPerExpert = (out + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK;
    execution.reserveShared(sorted.size() * preparedBytes);
  }

  @Override
  public void run(Execution execution) {
    if (sorted.size() == 0 || out == 0) {
      return;
    }
    int count = sorted.sort();
    prepared = execution.shared();
    execution.run(prepareRegion, sorted.size() <= 2 * GROUP ? 1 : (sorted.size() + 63) / 64);
    execution.run(multiplyRegion, count * rangesPerExpert, pace);
  }

  private void prepare(Worker worker, int chunk) {
    int step = sorted.size() <= 2 * GROUP ? sorted.size() : 64;
    int end = Math.min(sorted.size(), (chunk + 1) * step);
    for (int i = chunk * step; i < end; i++) {
      int row = sharedRow ? sorted.row(i) / slots : sorted.row(i);
      dot.prepare(x.segment(), x.offset() + 4L * in * row, in, prepared, i * preparedBytes);
    }
  }

  private void multiply(Worker worker, int chunk) {
    int expert = sorted.expert(chunk / rangesPerExpert);
    int start = chunk % rangesPerExpert * ROWS_PER_CHUNK;
    int rows = Math.min(ROWS_PER_CHUNK, out - start);
    HostTensor weight = weights[expert];
    long rowBytes = weight.dtype().isQuantized() ? weight.dtype().byteSize(in) : weight.stride(0);
    long w = weight.offset() + start * rowBytes;
    int end = sorted.end(expert);
    for (int i = sorted.first(expert); i < end; i += GROUP) {
      int vectors = Math.min(GROUP, end - i);
      long at = i * preparedBytes;
      if (vectors == 1) {
        dot.one(
            weight.segment(),
            w,
            rowBytes,
            rows,
            in,
            prepared,
            at,
            result.segment(),
            target(i, start),
            worker.scratch(),
            0);
      } else {
        long tileRowBytes = 4L * ROWS_PER_CHUNK;
        MemorySegment tile = worker.scratch();
        long tileAt = dot.scratchBytes(in);
        dot.few(
            weight.segment(),
            w,
            rowBytes,
            rows,
            in,
            vectors,
            prepared,
            at,
            preparedBytes,
            tile,
            tileAt,
            tileRowBytes,
            tile,
            0);
        for (int v = 0; v < vectors; v++) {
          long from = tileAt + v * tileRowBytes;
          MemorySegment.copy(tile, from, result.segment(), target(i + v, start), 4L * rows);
        }
      }
    }
  }

  private long target(int place, int start) {
    return result.offset() + 4L * ((long) sorted.row(place) * out + start);
  }
}
