package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Gemm;
import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.gemm.RightOperand;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Products with an F32 right operand of a few columns, as low-rank adapters have them: a panel of
 * the blocked product would be empty for the most part.
 */
final class NarrowProducts implements CpuKernel {
  private static final int GROUP = 4;
  private static final int ROWS_PER_CHUNK = 16;

  private final RowDot dot;
  private final LeftOperand left;
  private final RightOperand right;
  private final Gemm.Product product;
  private final boolean packs;
  private final long columnBytes;
  private final Region packRegion = this::pack;
  private final Region multiplyRegion = this::multiply;
  private MemorySegment columns;
  private long columnsAt;

  private NarrowProducts(RowDot dot, Execution execution, LeftOperand left, Gemm.Product product) {
    this.dot = dot;
    this.left = left;
    this.product = product;
    this.right = product.right();
    this.packs = right.rowBytes() != 4;
    this.columnBytes = packs ? RowDot.preparedBytes(right.k()) : right.columnBytes();
    this.columns = right.segment();
    this.columnsAt = packs ? 0 : right.offset();
    if (packs) {
      execution.reserveShared(right.n() * columnBytes);
    }
  }

  /** Columns up to which this beats panels of {@code width}. */
  static int maxColumns(int width) {
    return Math.max(8, width / 4);
  }

  /** Binds a product whose left operand is contiguous along its rows or along its columns. */
  static CpuKernel of(
      InnerLoops loops, Execution execution, LeftOperand left, Gemm.Product product) {
    return left.columnBytes() == 4
        ? new NarrowProducts(loops.f32(), execution, left, product)
        : transposed(loops, execution, left, product);
  }

  /** The transposed product, whose long operand is a row-major right one, and its transposition. */
  private static CpuKernel transposed(
      InnerLoops loops, Execution execution, LeftOperand left, Gemm.Product product) {
    RightOperand right = product.right();
    int m = left.m();
    int n = right.n();
    MemorySegment turned = Arena.ofAuto().allocate(4L * m * n, 64);
    LeftOperand few =
        new LeftOperand(
            right.segment(), right.offset(), right.columnBytes(), right.rowBytes(), n, left.k());
    RightOperand many =
        new RightOperand(
            left.segment(),
            right.dtype(),
            left.offset(),
            left.columnBytes(),
            left.rowBytes(),
            left.k(),
            m);
    Gemm gemm =
        new Gemm(loops.tile(), execution, few, List.of(new Gemm.Product(many, turned, 0, 4L * m)));
    return current -> {
      gemm.run(current);
      for (int row = 0; row < m; row++) {
        long to = product.offset() + row * product.rowBytes();
        Strided.gather(turned, 4L * row, 4L * m, 4, n, product.result(), to);
      }
    };
  }

  @Override
  public void run(Execution execution) {
    if (packs) {
      columns = execution.shared();
      execution.run(packRegion, right.n());
    }
    execution.run(multiplyRegion, (left.m() + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK);
  }

  private void pack(Worker worker, int column) {
    long from = right.offset() + column * right.columnBytes();
    Strided.gather(
        right.segment(), from, right.rowBytes(), 4, right.k(), columns, column * columnBytes);
  }

  private void multiply(Worker worker, int chunk) {
    int end = Math.min(left.m(), (chunk + 1) * ROWS_PER_CHUNK);
    for (int row = chunk * ROWS_PER_CHUNK; row < end; row += GROUP) {
      dot.few(
          columns,
          columnsAt,
          columnBytes,
          right.n(),
          right.k(),
          Math.min(GROUP, end - row),
          left.segment(),
          left.offset() + row * left.rowBytes(),
          left.rowBytes(),
          product.result(),
          product.offset() + row * product.rowBytes(),
          product.rowBytes(),
          worker.scratch(),
          0);
    }
  }
}
