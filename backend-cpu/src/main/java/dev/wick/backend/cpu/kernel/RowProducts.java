package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Gemm;
import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.gemm.RightOperand;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Pace;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.util.List;

/**
 * Products of a few rows with one or several transposed weights of one type: every weight is read
 * from memory once, in its stored type.
 */
final class RowProducts implements CpuKernel {
  /** Rows of the left operand up to which this beats packing panels. */
  static final int MAX_ROWS = 16;

  private static final long MIN_CHUNK_BYTES = 1 << 14;
  private static final long MAX_CHUNK_BYTES = 1 << 20;
  private static final long MAX_SHARED_CHUNK_BYTES = 1 << 18;
  private static final int CHUNKS_PER_THREAD = 12;

  private final RowDot dot;
  private final LeftOperand left;
  private final Gemm.Product[] products;
  private final int[] firstChunk;
  private final int[] step;
  private final int chunks;
  private final PreparedRows rows;
  private final Region region = this::multiply;
  private final Pace pace = new Pace();

  /** Binds products whose right operands have one type and are contiguous along k. */
  RowProducts(RowDot dot, Execution execution, LeftOperand left, List<Gemm.Product> products) {
    this.dot = dot;
    this.left = left;
    this.products = products.toArray(Gemm.Product[]::new);
    this.rows =
        new PreparedRows(
            execution, left, dot::prepare, dot.readsPlain(), RowDot.preparedBytes(left.k()));
    long total = 0;
    for (Gemm.Product product : products) {
      total += product.right().n() * rowBytes(product.right());
    }
    long limit = left.m() > dot.maxVectors() ? MAX_SHARED_CHUNK_BYTES : MAX_CHUNK_BYTES;
    long chunkBytes =
        Math.clamp(
            total / ((long) CHUNKS_PER_THREAD * execution.threads()), MIN_CHUNK_BYTES, limit);
    firstChunk = new int[this.products.length];
    step = new int[this.products.length];
    int count = 0;
    for (int i = 0; i < firstChunk.length; i++) {
      RightOperand right = this.products[i].right();
      firstChunk[i] = count;
      step[i] = Math.clamp(chunkBytes / Math.max(1, rowBytes(right)), 1, Math.max(1, right.n()));
      count += (right.n() + step[i] - 1) / step[i];
    }
    chunks = count;
  }

  private static long rowBytes(RightOperand right) {
    return right.dtype().byteSize(right.k());
  }

  @Override
  public void run(Execution current) {
    rows.run(current);
    current.run(region, chunks, pace);
  }

  private void multiply(Worker worker, int chunk) {
    int which = firstChunk.length - 1;
    while (firstChunk[which] > chunk) {
      which--;
    }
    Gemm.Product product = products[which];
    RightOperand right = product.right();
    int start = (chunk - firstChunk[which]) * step[which];
    int count = Math.min(step[which], right.n() - start);
    long w = right.offset() + start * right.columnBytes();
    long y = product.offset() + 4L * start;
    int groups = dot.isFewReady() ? Math.ceilDiv(left.m(), dot.maxVectors()) : left.m();
    for (int group = 0; group < groups; group++) {
      int first = left.m() * group / groups;
      int vectors = left.m() * (group + 1) / groups - first;
      long to = y + first * product.rowBytes();
      if (vectors == 1) {
        dot.one(
            right.segment(),
            w,
            right.columnBytes(),
            count,
            right.k(),
            rows.memory(),
            rows.at(first),
            product.result(),
            to,
            worker.scratch(),
            0);
      } else {
        dot.few(
            right.segment(),
            w,
            right.columnBytes(),
            count,
            right.k(),
            vectors,
            rows.memory(),
            rows.at(first),
            rows.rowBytes(),
            product.result(),
            to,
            product.rowBytes(),
            worker.scratch(),
            0);
      }
    }
  }
}
