package dev.wick.engine.tck.reference;

import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Cast;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Dequantize;
import dev.wick.engine.op.Evaluator;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Select;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * The reference kernels without rounding: what a value calls F32, F16 or BF16 is kept in F64.
 * Differences of functions are only worth looking at in this precision. Fused operations run as
 * their decompositions.
 */
public final class DoubleEvaluator implements Evaluator {
  private final double error;
  private final RandomGenerator random;

  /** An evaluator whose values are garbage when nobody refers to them. */
  public DoubleEvaluator() {
    this(0, RandomGeneratorFactory.getDefault().create(0));
  }

  /**
   * An evaluator that disturbs what it computes as roundings would (Monte Carlo arithmetic, Parker
   * 1997, UCLA CSD-970002): each number that arithmetic gives, by this error, up or down at random,
   * relative to itself, and in sums and products of matrices to the typical size of the result too,
   * as their terms may cancel.
   */
  public DoubleEvaluator(double error, RandomGenerator random) {
    this.error = error;
    this.random = random;
  }

  @Override
  public int precedence() {
    return 0;
  }

  @Override
  public Expr adopt(Expr value) {
    if (value instanceof Value own && own.evaluator == this) {
      return own;
    }
    throw new IllegalArgumentException(
        "doubles: expected a value of this evaluator, got another: " + value.spec());
  }

  /** A value that calls itself by a spec's type, with these numbers in row-major order. */
  public Expr value(TensorSpec spec, double[] numbers) {
    Value value = zeros(spec);
    for (int i = 0; i < numbers.length; i++) {
      value.elements.set(i, numbers[i]);
    }
    return value;
  }

  /** A value of any type from its bytes, as it is stored. */
  public Expr value(TensorSpec spec, byte[] bytes) {
    Elements elements =
        new Elements(
            MemorySegment.ofArray(bytes), 0, spec.dtype(), Layout.contiguous(spec.shape()));
    return new Value(this, spec.dtype(), elements);
  }

  /** The elements in row-major order. */
  public static double[] numbers(Expr expr) {
    Elements elements = ((Value) expr).elements;
    Cursor cursor = elements.cursor();
    double[] numbers = new double[Math.toIntExact(elements.shape().size())];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = elements.number(cursor.next());
    }
    return numbers;
  }

  private Value zeros(TensorSpec spec) {
    DType stored = spec.dtype().isFloat() ? DType.F64 : spec.dtype();
    Shape shape = spec.shape();
    byte[] bytes = new byte[Math.toIntExact(stored.byteSize(shape.size()))];
    MemorySegment memory = MemorySegment.ofArray(bytes);
    return new Value(this, spec.dtype(), new Elements(memory, 0, stored, Layout.contiguous(shape)));
  }

  @Override
  public List<Expr> apply(Op op, List<Expr> operands) {
    List<TensorSpec> results = op.infer(operands.stream().map(Expr::spec).toList());
    return switch (op) {
      case FusedOp fused -> fused.decompose(operands);
      case PrimitiveOp primitive -> {
        List<Expr> values = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
          boolean inPlace = i == 0 && op.inPlaceOperand().isPresent();
          values.add(
              inPlace ? operands.get(op.inPlaceOperand().getAsInt()) : zeros(results.get(i)));
        }
        Kernels.run(op, elements(operands), elements(values));
        if (error > 0) {
          disturb(primitive, values);
        }
        yield values;
      }
    };
  }

  private void disturb(PrimitiveOp op, List<Expr> values) {
    switch (op) {
      case Unary _, Binary _ -> disturb(((Value) values.getFirst()).elements, 0);
      case MatMul _, Reduce _, Scatter _ -> {
        Elements sums = ((Value) values.getFirst()).elements;
        disturb(sums, typicalSize(sums));
      }
      case Compare _, Select _, ArgReduce _, Cast _, Copy _, Gather _, Iota _, Dequantize _ -> {}
    }
  }

  private void disturb(Elements elements, double size) {
    if (!elements.dtype().isFloat()) {
      return;
    }
    Cursor cursor = elements.cursor();
    for (long i = elements.shape().size(); i > 0; i--) {
      long position = cursor.next();
      double number = elements.number(position);
      double step = error * (Math.abs(number) + size);
      elements.set(position, random.nextBoolean() ? number + step : number - step);
    }
  }

  /** The root of the mean square. */
  private static double typicalSize(Elements elements) {
    Cursor cursor = elements.cursor();
    double squares = 0;
    long size = elements.shape().size();
    for (long i = size; i > 0; i--) {
      double number = elements.number(cursor.next());
      squares += number * number;
    }
    return Math.sqrt(squares / Math.max(1, size));
  }

  private static List<Elements> elements(List<Expr> values) {
    return values.stream().map(value -> ((Value) value).elements).toList();
  }

  private record Value(DoubleEvaluator evaluator, DType dtype, Elements elements) implements Expr {
    @Override
    public Layout layout() {
      return elements.layout();
    }

    @Override
    public Expr view(Layout layout, long offset) {
      long bytes = elements.dtype().byteSize(offset);
      return new Value(
          evaluator,
          dtype,
          new Elements(elements.memory(), elements.byteOffset() + bytes, elements.dtype(), layout));
    }
  }
}
