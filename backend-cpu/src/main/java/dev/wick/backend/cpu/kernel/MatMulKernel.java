package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Gemm;
import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.gemm.PanelGemm;
import dev.wick.backend.cpu.gemm.RightOperand;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Matrix products: row by row for few rows and transposed weights, blocked otherwise. */
final class MatMulKernel implements CpuKernel {
  private final CpuKernel[] steps;

  /**
   * Products of one left operand with one or several right operands; several only without batch
   * axes.
   */
  MatMulKernel(
      InnerLoops loops,
      Execution execution,
      HostTensor left,
      List<HostTensor> rights,
      List<HostTensor> results) {
    List<CpuKernel> list = new ArrayList<>();
    if (rights.size() == 1) {
      addBatches(loops, execution, left, rights.get(0), results.get(0), list);
    } else {
      list.add(matrices(loops, execution, left, rights, results));
    }
    steps = list.toArray(CpuKernel[]::new);
  }

  /** Whether a product has no batch axes once the rows of the left operand are seen as one axis. */
  static boolean isPlain(HostTensor left, HostTensor right) {
    return isMatrix(right) && flat(left).isPresent();
  }

  private static boolean isMatrix(HostTensor right) {
    return right.size() == (long) right.extent(-1) * right.extent(-2);
  }

  private static Optional<Layout> flat(HostTensor left) {
    long columns = left.shape().extent(-1);
    if (columns == 0 || left.size() == 0) {
      return Optional.empty();
    }
    return left.layout().reshape(Shape.of(left.size() / columns, columns));
  }

  private static void addBatches(
      InnerLoops loops,
      Execution execution,
      HostTensor left,
      HostTensor right,
      HostTensor result,
      List<CpuKernel> steps) {
    if (result.size() == 0) {
      return;
    }
    if (left.extent(-1) == 0) {
      steps.add(_ -> result.segment().asSlice(result.offset(), 4 * result.size()).fill((byte) 0));
      return;
    }
    if (isPlain(left, right)) {
      steps.add(matrices(loops, execution, left, List.of(right), List.of(result)));
      return;
    }
    Shape batch = result.shape().without(-1).without(-1);
    HostTensor a = left.broadcast(append(batch, left.shape()));
    HostTensor b = right.broadcast(append(batch, right.shape()));
    for (long i = 0; i < batch.size(); i++) {
      steps.add(
          matrices(
              loops, execution, matrix(a, i), List.of(matrix(b, i)), List.of(matrix(result, i))));
    }
  }

  private static Shape append(Shape batch, Shape matrix) {
    long[] extents = new long[batch.rank() + 2];
    System.arraycopy(batch.toArray(), 0, extents, 0, batch.rank());
    extents[batch.rank()] = matrix.extent(-2);
    extents[batch.rank() + 1] = matrix.extent(-1);
    return Shape.of(extents);
  }

  private static HostTensor matrix(HostTensor batched, long number) {
    long rows = batched.shape().extent(-2);
    long columns = batched.shape().extent(-1);
    Layout layout = batched.layout();
    while (layout.shape().rank() > 2) {
      layout = layout.slice(0, 0, 1);
      layout = layout.reshape(layout.shape().without(0)).orElseThrow();
    }
    return new HostTensor(
        batched.segment(), batched.at(number * rows * columns), batched.dtype(), layout);
  }

  private static CpuKernel matrices(
      InnerLoops loops,
      Execution execution,
      HostTensor left,
      List<HostTensor> rights,
      List<HostTensor> results) {
    HostTensor a =
        new HostTensor(
            left.segment(), left.offset(), left.dtype(), flat(left).orElse(left.layout()));
    LeftOperand operand =
        new LeftOperand(
            a.segment(), a.offset(), a.stride(0), a.stride(1), a.extent(0), a.extent(1));
    List<Gemm.Product> products = new ArrayList<>();
    boolean rowWise =
        operand.m() <= RowProducts.MAX_ROWS && isUnitStride(a.stride(1), 4, a.extent(1));
    DType dtype = rights.get(0).dtype();
    for (int i = 0; i < rights.size(); i++) {
      HostTensor right = rights.get(i);
      int k = right.extent(-2);
      int n = right.extent(-1);
      int elementBytes = right.dtype().blockBytes();
      rowWise &= right.dtype() == dtype && isUnitStride(right.stride(-2), elementBytes, k);
      RightOperand b =
          new RightOperand(
              right.segment(),
              right.dtype(),
              right.offset(),
              k == 1 ? elementBytes : right.stride(-2),
              right.stride(-1),
              k,
              n);
      products.add(new Gemm.Product(b, results.get(i).segment(), results.get(i).offset(), 4L * n));
    }
    if (rowWise) {
      RowDot dot = Activations.wanted().dot(loops, dtype, operand.k());
      return new RowProducts(dot, execution, operand, products);
    }
    List<CpuKernel> list = new ArrayList<>();
    List<Gemm.Product> wide = new ArrayList<>();
    for (Gemm.Product product : products) {
      if (isNarrow(loops, operand, product.right())) {
        list.add(NarrowProducts.of(loops, execution, operand, product));
      } else {
        wide.add(product);
      }
    }
    if (!wide.isEmpty()) {
      list.add(blocked(loops, execution, operand, wide));
    }
    return list.size() == 1 ? list.getFirst() : new Sequence(list);
  }

  /** Blocked products. */
  static CpuKernel blocked(
      InnerLoops loops, Execution execution, LeftOperand left, List<Gemm.Product> products) {
    PanelProduct panels = loops.tile().panels();
    if (panels != null && PanelGemm.fits(left)) {
      boolean mayRound = Activations.wanted().mayRound();
      return new PanelGemm(panels, loops.tile(), execution, left, products, mayRound)::run;
    }
    return new Gemm(loops.tile(), execution, left, products)::run;
  }

  private static boolean isNarrow(InnerLoops loops, LeftOperand left, RightOperand right) {
    return right.dtype() == DType.F32
        && right.n() <= NarrowProducts.maxColumns(loops.tile().columns())
        && left.m() > right.n()
        && (left.columnBytes() == 4 || left.rowBytes() == 4);
  }

  private static boolean isUnitStride(long stride, int elementBytes, int extent) {
    return stride == elementBytes || extent == 1;
  }

  @Override
  public void run(Execution execution) {
    for (CpuKernel step : steps) {
      step.run(execution);
    }
  }
}
