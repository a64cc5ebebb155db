package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.HostTensor;
import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.nd4j.host.MovementLoops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A mixture of experts: the rows that chose an expert are brought together and multiplied at once.
 */
final class ExpertKernel implements Kernel {
  private final HostTensor x;
  private final HostTensor experts;
  private final HostTensor out;
  private final long in;
  private final long width;
  private final Matrix gathered;
  private final Matrix products;
  private final List<Kernel> densify = new ArrayList<>();
  private final List<Matrix> weights = new ArrayList<>();
  private final int[] ends;
  private final int[] order;

  // Set up when first used: how many rows choose an expert is known only then.
  private final @Nullable INDArray[] weightArrays;
  private final @Nullable INDArray[] rowArrays;
  private final @Nullable INDArray[] productArrays;
  private final CustomOp one = Products.InPlace.product(1);
  private final CustomOp several = Products.InPlace.product(1).integers(0, 1, 0);

  ExpertKernel(List<Operand> operands, Operand out, Scratch scratch) {
    this.x = operands.get(0).host();
    this.experts = operands.get(1).host();
    this.out = out.host();
    this.in = x.shape().extent(2);
    this.width = out.shape().extent(2);
    int rows = Math.toIntExact(experts.shape().size());
    this.gathered = shared(scratch, "rows", rows, in);
    this.products = shared(scratch, "products", rows, width);
    for (Operand operand : operands.subList(2, operands.size())) {
      Matrix weight = operand.matrix(0, operand.layout());
      Matrix dense = weight.isDense() ? weight : shared(scratch, "weight", width, in);
      weights.add(dense);
      densify.add(
          weight.isDense()
              ? () -> {}
              : MovementLoops.copy(0, List.of(weight.host()), dense.host()));
    }
    this.ends = new int[weights.size()];
    this.order = new int[rows];
    this.weightArrays = new INDArray[weights.size()];
    this.rowArrays = new INDArray[rows + 1];
    this.productArrays = new INDArray[rows + 1];
  }

  private static Matrix shared(Scratch scratch, String role, long rows, long columns) {
    return scratch.shared(
        Matrix.class, List.of("experts", role, rows, columns), () -> scratch.matrix(rows, columns));
  }

  @Override
  public void run() {
    sort();
    if (out.shape().size() == 0) {
      return;
    }
    if (in == 0) {
      out.fill(0);
      return;
    }
    int start = 0;
    for (int expert = 0; expert < ends.length; expert++) {
      int end = ends[expert];
      if (end > start) {
        visit(expert, start, end - start);
      }
      start = end;
    }
  }

  /** Puts the rows in the order of their experts. */
  private void sort() {
    Arrays.fill(ends, 0);
    for (int row = 0; row < order.length; row++) {
      ends[expert(row)]++;
    }
    for (int expert = 1; expert < ends.length; expert++) {
      ends[expert] += ends[expert - 1];
    }
    // From the last row back, so that equal experts keep their order and the ends become starts.
    for (int row = order.length - 1; row >= 0; row--) {
      order[--ends[expert(row)]] = row;
    }
    for (int expert = 0; expert < ends.length; expert++) {
      ends[expert] = expert + 1 < ends.length ? ends[expert + 1] : order.length;
    }
  }

  private int expert(int row) {
    long slots = experts.shape().extent(1);
    int expert =
        experts.i32(
            row / slots * experts.layout().stride(0) + row % slots * experts.layout().stride(1));
    if (expert < 0 || expert >= ends.length) {
      throw new IllegalArgumentException(
          "expert_mat_mul: expected experts in 0..%d, got %d".formatted(ends.length - 1, expert));
    }
    return expert;
  }

  private void visit(int expert, int start, int count) {
    long slots = experts.shape().extent(1);
    long slotStride = x.shape().extent(1) == 1 ? 0 : x.layout().stride(1);
    HostTensor rows = gathered.host();
    for (int i = 0; i < count; i++) {
      int row = order[start + i];
      long from = row / slots * x.layout().stride(0) + row % slots * slotStride;
      rows.copyRow(i * in, x, from, x.layout().stride(2), in);
    }
    densify.get(expert).run();
    multiply(expert, count);
    HostTensor results = products.host();
    for (int i = 0; i < count; i++) {
      out.copyRow(order[start + i] * width, results, i * width, 1, width);
    }
  }

  private void multiply(int expert, int count) {
    INDArray weight = weightArrays[expert];
    if (weight == null) {
      weight = weights.get(expert).array();
      weightArrays[expert] = weight;
    }
    INDArray rows = rowArrays[count];
    INDArray result = productArrays[count];
    if (rows == null || result == null) {
      Matrix from = gathered.prefix(count, in);
      Matrix to = products.prefix(count, width);
      rows = count == 1 ? from.vector() : from.array();
      result = count == 1 ? to.vector() : to.array();
      rowArrays[count] = rows;
      productArrays[count] = result;
    }
    if (count == 1) {
      one.arrays(result, weight, rows).run();
    } else {
      several.arrays(result, rows, weight).run();
    }
  }
}
