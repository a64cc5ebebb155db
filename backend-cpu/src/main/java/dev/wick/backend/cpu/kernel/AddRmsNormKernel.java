package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.RmsNorm;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;

/**
 * A sum and its root-mean-square norm, row by row: what stands between the blocks of a decoder, the
 * sum being the residual.
 */
final class AddRmsNormKernel extends RowsKernel {
  private final RowMath math;
  private final float eps;
  private final HostTensor a;
  private final HostTensor b;
  private final HostTensor sum;
  private final HostTensor weight;
  private final HostTensor result;
  private final int n;

  AddRmsNormKernel(
      RmsNorm norm,
      RowMath math,
      HostTensor a,
      HostTensor b,
      HostTensor sum,
      HostTensor weight,
      HostTensor result) {
    super(sum.extent(-1) == 0 ? 0 : sum.size() / sum.extent(-1), sum.extent(-1));
    this.math = math;
    this.eps = norm.eps();
    this.a = a;
    this.b = b;
    this.sum = sum;
    this.weight = weight;
    this.result = result;
    this.n = sum.extent(-1);
  }

  /** Whether one call adds and the next normalises the sum, in layouts that this kernel takes. */
  static boolean fits(OpCall add, OpCall norm) {
    if (!add.op().equals(new Binary(Binary.Kind.ADD)) || !(norm.op() instanceof RmsNorm)) {
      return false;
    }
    TensorView sum = add.results().getFirst();
    TensorView result = norm.results().getFirst();
    TensorView weight = norm.operands().get(1);
    return norm.operands().get(0).equals(sum)
        && weight.layout().isContiguous()
        && !Overlap.between(sum, weight)
        && !Overlap.between(sum, result)
        && add.operands().stream()
            .allMatch(term -> isRowByRow(term, sum) && isRowByRow(term, result));
  }

  /** Whether rows of an operand are rows of a result, in no place or in the same place. */
  private static boolean isRowByRow(TensorView operand, TensorView result) {
    return operand.spec().equals(result.spec())
        && operand.layout().isContiguous()
        && result.layout().isContiguous()
        && (operand.equals(result) || !Overlap.between(operand, result));
  }

  @Override
  void row(long row) {
    long shift = 4L * n * row;
    math.binary(
        Binary.Kind.ADD,
        a.segment(),
        a.offset() + shift,
        false,
        b.segment(),
        b.offset() + shift,
        false,
        sum.segment(),
        sum.offset() + shift,
        n);
    math.rmsNorm(
        sum.segment(),
        sum.offset() + shift,
        weight.segment(),
        weight.offset(),
        result.segment(),
        result.offset() + shift,
        n,
        eps);
  }
}
