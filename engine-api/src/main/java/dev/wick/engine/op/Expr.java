package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Optional;

/**
 * A value in a computation: a tensor that is there already, or one that a program will compute.
 *
 * <p>Models, decompositions and gradients are written against this type, so one text runs at once
 * or is traced into a program. Arithmetic broadcasts as in NumPy; negative axes count from the end.
 */
public interface Expr {
  /** Element type. */
  DType dtype();

  /** Shape and strides. */
  Layout layout();

  /** What applying an operation to this value does. */
  Evaluator evaluator();

  /**
   * The same storage under another layout.
   *
   * @param offset elements from this value's first element to the view's first
   */
  Expr view(Layout layout, long offset);

  /** Extents. */
  default Shape shape() {
    return layout().shape();
  }

  /** Extent of an axis. */
  default long extent(int axis) {
    return shape().extent(axis);
  }

  /** Element type and shape. */
  default TensorSpec spec() {
    return new TensorSpec(dtype(), shape());
  }

  /**
   * Results of an operation on values, by the operands' evaluator of the highest precedence.
   *
   * @throws IllegalArgumentException if the operands do not fit
   */
  static List<Expr> apply(Op op, List<Expr> operands) {
    Evaluator evaluator = operands.getFirst().evaluator();
    for (Expr operand : operands) {
      if (operand.evaluator().precedence() > evaluator.precedence()) {
        evaluator = operand.evaluator();
      }
    }
    return evaluator.apply(op, operands);
  }

  /** The single result of an operation on this value and others. */
  default Expr apply(Op op, Expr... others) {
    return switch (others.length) {
      case 0 -> apply(op, List.of(this)).getFirst();
      case 1 -> apply(op, List.of(this, others[0])).getFirst();
      case 2 -> apply(op, List.of(this, others[0], others[1])).getFirst();
      default -> {
        Expr[] all = new Expr[others.length + 1];
        all[0] = this;
        System.arraycopy(others, 0, all, 1, others.length);
        yield apply(op, List.of(all)).getFirst();
      }
    };
  }

  // Views.

  /** The same elements under another shape; copies only if strides cannot express it. */
  default Expr reshape(long... extents) {
    Shape target = Shape.of(extents);
    Optional<Layout> reshaped = layout().reshape(target);
    return reshaped.isPresent()
        ? view(reshaped.get(), 0)
        : contiguous().view(Layout.contiguous(target), 0);
  }

  /** This value with two axes exchanged. */
  default Expr transpose(int a, int b) {
    return view(layout().transpose(a, b), 0);
  }

  /** Indices {@code from} (inclusive) to {@code to} (exclusive) along an axis. */
  default Expr slice(int axis, long from, long to) {
    Layout part = layout().slice(axis, from, to);
    // Nothing has no place: past the end of the storage there may be no address for it.
    return view(part, part.shape().size() == 0 ? 0 : from * layout().stride(axis));
  }

  /** This value repeated to a larger shape. */
  default Expr broadcast(Shape target) {
    return view(layout().broadcast(target), 0);
  }

  /** This value in a row-major layout without gaps. */
  default Expr contiguous() {
    return layout().isContiguous() ? this : apply(new Copy(0));
  }

  // Elementwise.

  /** Elementwise sum. */
  default Expr add(Expr other) {
    return apply(new Binary(Binary.Kind.ADD), other);
  }

  /** Elementwise difference. */
  default Expr sub(Expr other) {
    return apply(new Binary(Binary.Kind.SUB), other);
  }

  /** Elementwise product. */
  default Expr mul(Expr other) {
    return apply(new Binary(Binary.Kind.MUL), other);
  }

  /** Elementwise quotient. */
  default Expr div(Expr other) {
    return apply(new Binary(Binary.Kind.DIV), other);
  }

  /** This value plus a constant. */
  default Expr add(double constant) {
    return add(constant(constant));
  }

  /** This value times a constant. */
  default Expr mul(double constant) {
    return mul(constant(constant));
  }

  /** A function of each element. */
  default Expr unary(Unary.Kind kind) {
    return apply(new Unary(kind));
  }

  /** Comparison with another value, BOOL. */
  default Expr compare(Compare.Kind kind, Expr other) {
    return apply(new Compare(kind), other);
  }

  /** Where this BOOL value holds the first choice, elsewhere the second. */
  default Expr select(Expr ifTrue, Expr ifFalse) {
    return apply(new Select(), ifTrue, ifFalse);
  }

  /** Conversion to another type, of a quantised one to F32; nothing if it has it already. */
  default Expr cast(DType target) {
    if (dtype() == target) {
      return this;
    }
    return apply(
        dtype().isQuantized() && target == DType.F32 ? new Dequantize() : new Cast(target));
  }

  // Reductions; the reduced axis stays with extent 1.

  /** Sum along an axis. */
  default Expr sum(int axis) {
    return apply(new Reduce(Reduce.Kind.SUM, axis));
  }

  /** Mean along an axis. */
  default Expr mean(int axis) {
    return sum(axis).mul(1.0 / extent(axis));
  }

  /** Maximum along an axis. */
  default Expr max(int axis) {
    return apply(new Reduce(Reduce.Kind.MAX, axis));
  }

  /** I32 index of the maximum along an axis. */
  default Expr argMax(int axis) {
    return apply(new ArgReduce(ArgReduce.Kind.MAX, axis));
  }

  // Matrices, rows, constants.

  /** Matrix product over the last two axes, accumulated in F32. */
  default Expr matMul(Expr other) {
    return apply(new MatMul(), other);
  }

  /** Product {@code x · Wᵀ} with the weight [out, in] of a linear layer, of any stored type. */
  default Expr linear(Expr weight) {
    return weight.dtype().isQuantized()
        ? apply(new QuantizedMatMul(true), weight)
        : matMul(weight.transpose(0, 1));
  }

  /** Rows of this table: indices I32 [...] to [indices..., row...]. */
  default Expr gather(Expr indices) {
    return apply(new Gather(), indices);
  }

  /** A scalar of this value's type, F32 or I32, in the same computation. */
  default Expr constant(double value) {
    DType type = dtype() == DType.I32 ? DType.I32 : DType.F32;
    return evaluator().apply(new Iota(type, 1, value, 0), List.of()).getFirst().reshape();
  }

  /** The integers 0 to {@code length - 1}, I32, in the same computation. */
  default Expr range(long length) {
    return evaluator().apply(new Iota(DType.I32, length, 0, 1), List.of()).getFirst();
  }

  // Fused.

  /** Softmax along the last axis. */
  default Expr softmax() {
    return apply(new Softmax());
  }

  /** {@code log(sum(exp(x)))} along the last axis, which stays with extent 1. */
  default Expr logSumExp() {
    return apply(new LogSumExp());
  }

  /** Root-mean-square norm along the last axis. */
  default Expr rmsNorm(Expr weight, float eps) {
    return apply(new RmsNorm(eps), weight);
  }

  /** Rotary position embedding of [tokens, heads, headDim] by cos and sin [tokens, half]. */
  default Expr rope(Expr cos, Expr sin) {
    return apply(new Rope(), cos, sin);
  }

  /** The k largest values along the last axis, largest first, and their I32 indices. */
  default List<Expr> topK(int k) {
    return apply(new TopK(k), List.of(this));
  }
}
