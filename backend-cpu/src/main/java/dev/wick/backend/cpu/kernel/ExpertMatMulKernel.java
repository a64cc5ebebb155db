package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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
  private final HostTensor experts;
  private final HostTensor[] weights;
  private final HostTensor result;
  private final int in;
  private final int out;
  private final int slots;
  private final boolean sharedRow;
  private final long preparedBytes;
  private final int[] firstRow;
  private final int[] cursor;
  private final int[] order;
  private final int[] active;
  private final int rangesPerExpert;
  private final Region prepareRegion = this::prepare;
  private final Region multiplyRegion = this::multiply;
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
    this.experts = experts;
    this.weights = weights.toArray(HostTensor[]::new);
    this.result = result;
    this.in = x.extent(2);
    this.out = result.extent(2);
    this.slots = experts.extent(1);
    this.sharedRow = x.extent(1) == 1;
    this.preparedBytes = RowDot.preparedBytes(in);
    this.firstRow = new int[this.weights.length + 1];
    this.cursor = new int[this.weights.length];
    this.order = new int[Math.toIntExact(experts.size())];
    this.active = new int[this.weights.length];
    this.rangesPerExpert = (out + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK;
    execution.reserveShared(order.length * preparedBytes);
  }

  @Override
  public void run(Execution execution) {
    if (order.length == 0 || out == 0) {
      return;
    }
    int count = group();
    prepared = execution.shared();
    execution.run(prepareRegion, order.length <= 2 * GROUP ? 1 : (order.length + 63) / 64);
    execution.run(multiplyRegion, count * rangesPerExpert);
  }

  /**
   * Sorts the rows by expert (counting sort, stable) and returns the number of experts that have
   * any.
   */
  private int group() {
    Arrays.fill(firstRow, 0);
    for (int i = 0; i < order.length; i++) {
      int expert = experts.intAt(i);
      Indices.check("expert_mat_mul", "experts", expert, weights.length);
      firstRow[expert + 1]++;
    }
    int count = 0;
    for (int e = 0; e < weights.length; e++) {
      if (firstRow[e + 1] > 0) {
        active[count++] = e;
      }
      firstRow[e + 1] += firstRow[e];
      cursor[e] = firstRow[e];
    }
    for (int i = 0; i < order.length; i++) {
      order[cursor[experts.intAt(i)]++] = i;
    }
    return count;
  }

  private void prepare(Worker worker, int chunk) {
    int step = order.length <= 2 * GROUP ? order.length : 64;
    int end = Math.min(order.length, (chunk + 1) * step);
    for (int i = chunk * step; i < end; i++) {
      int row = sharedRow ? order[i] / slots : order[i];
      dot.prepare(x.segment(), x.offset() + 4L * in * row, in, prepared, i * preparedBytes);
    }
  }

  private void multiply(Worker worker, int chunk) {
    int expert = active[chunk / rangesPerExpert];
    int start = chunk % rangesPerExpert * ROWS_PER_CHUNK;
    int rows = Math.min(ROWS_PER_CHUNK, out - start);
    HostTensor weight = weights[expert];
    long w = weight.offset() + start * weight.stride(0);
    long rowBytes = weight.stride(0);
    int end = firstRow[expert + 1];
    for (int i = firstRow[expert]; i < end; i += GROUP) {
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
            RowDot.SCRATCH_BYTES,
            tileRowBytes,
            tile,
            0);
        for (int v = 0; v < vectors; v++) {
          long from = RowDot.SCRATCH_BYTES + v * tileRowBytes;
          MemorySegment.copy(tile, from, result.segment(), target(i + v, start), 4L * rows);
        }
      }
    }
  }

  private long target(int sorted, int start) {
    return result.offset() + 4L * ((long) order[sorted] * out + start);
  }
}
