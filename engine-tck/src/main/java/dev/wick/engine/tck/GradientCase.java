package dev.wick.engine.tck;

import dev.wick.engine.autodiff.Tape;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.TopK;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * A computation with numbers around which it can be differentiated.
 *
 * @param name in messages
 * @param watched for each operand whether its gradient is asked for; the others are frozen
 * @param seeds for each result the numbers that it is multiplied by before all are added up, which
 *     makes the loss; empty where a result is no number
 * @param terms how many roundings a gradient may suffer from, as in {@link Tolerance}
 */
record GradientCase(
    String name,
    Function<List<Expr>, List<Expr>> computation,
    List<HostTensor> operands,
    List<Boolean> watched,
    List<List<HostTensor>> seeds,
    double terms) {
  /** Values of this many elements in all are few enough to be differentiated one by one. */
  static final int LARGEST = 3000;

  GradientCase {
    operands = List.copyOf(operands);
    watched = List.copyOf(watched);
    seeds = List.copyOf(seeds);
  }

  /**
   * An operation on the operands of a case, with other numbers: finite, of both signs where the
   * operation allows it, and no two equal, so that most kinks are far away.
   *
   * <p>Some operands are frozen, half of the time all in F16 and BF16.
   */
  static GradientCase of(OpCase opCase, RandomGenerator random) {
    Op op = opCase.op();
    boolean half = random.nextBoolean();
    List<HostTensor> operands = new ArrayList<>();
    List<Boolean> watched = new ArrayList<>();
    List<Boolean> candidates = new ArrayList<>();
    for (HostTensor operand : opCase.operands()) {
      boolean number = isNumber(operand.dtype());
      operands.add(number ? separated(op, operands.size(), operand.spec(), random) : operand);
      boolean candidate = number && (half || operand.dtype() == DType.F32);
      watched.add(candidate && random.nextInt(4) > 0);
      candidates.add(candidate);
    }
    if (!watched.contains(true)) {
      watched = candidates;
    }
    List<List<HostTensor>> seeds = new ArrayList<>();
    List<TensorSpec> results = op.infer(opCase.specs());
    // The loss may look at one of the results and not at the others.
    int only = random.nextBoolean() ? -1 : random.nextInt(results.size());
    boolean all = only < 0 || !isNumber(results.get(only).dtype());
    long size = 0;
    for (TensorSpec result : results) {
      size += result.shape().size();
      boolean used = isNumber(result.dtype()) && (all || seeds.size() == only);
      seeds.add(
          used
              ? List.of(HostTensor.normal(random, DType.F32, result.shape().toArray()))
              : List.of());
    }
    return new GradientCase(
        opCase + ", watched " + watched,
        values -> Expr.apply(op, values),
        operands,
        watched,
        seeds,
        50 + 2 * opCase.tolerance().terms() + size / 16.0);
  }

  /** Whether a case of an operation can be differentiated at all, and quickly. */
  static boolean fits(OpCase opCase) {
    List<TensorSpec> all = new ArrayList<>(opCase.specs());
    all.addAll(opCase.op().infer(opCase.specs()));
    long size = all.stream().mapToLong(spec -> spec.shape().size()).sum();
    boolean numbers = opCase.specs().stream().anyMatch(spec -> isNumber(spec.dtype()));
    boolean results =
        opCase.op().infer(opCase.specs()).stream().anyMatch(spec -> isNumber(spec.dtype()));
    // Decomposed, each of the k is a few operations: the same ones again and again.
    boolean isLong = opCase.op() instanceof TopK topK && topK.k() > 8;
    return numbers && results && size <= LARGEST && !isLong;
  }

  static boolean isNumber(DType dtype) {
    return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
  }

  private static HostTensor separated(Op op, int index, TensorSpec spec, RandomGenerator random) {
    boolean positive =
        switch (op) {
          case Unary unary ->
              switch (unary.kind()) {
                case SQRT, RSQRT, RECIPROCAL, LOG -> true;
                default -> false;
              };
          case Binary binary ->
              binary.kind() == Binary.Kind.POW
                  ? index == 0
                  : binary.kind() == Binary.Kind.DIV && index == 1;
          default -> false;
        };
    return separated(spec, positive ? 0.5 : -1.5, positive ? 2 : 1.5, index, random);
  }

  /** Numbers at even distances in any order; operands of other indices lie in between. */
  static HostTensor separated(
      TensorSpec spec, double low, double high, int index, RandomGenerator random) {
    int size = Math.toIntExact(spec.shape().size());
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    double within = (1 + index % 5) / 6.3;
    return HostTensor.of(spec, i -> low + (high - low) * (order[i] + within) / size);
  }

  /** The gradients of the watched operands, from operands that an evaluator has. */
  List<Expr> gradients(Tape tape, List<Expr> values, Function<HostTensor, Expr> place) {
    return gradients(tape, values, place, computation);
  }

  /** The gradients with the computation kept out of memory until the backward pass. */
  List<Expr> checkpointed(Tape tape, List<Expr> values, Function<HostTensor, Expr> place) {
    return gradients(tape, values, place, inputs -> tape.checkpoint(computation, inputs));
  }

  private List<Expr> gradients(
      Tape tape,
      List<Expr> values,
      Function<HostTensor, Expr> place,
      Function<List<Expr>, List<Expr>> apply) {
    List<Expr> inputs = new ArrayList<>();
    List<Expr> asked = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      inputs.add(watched.get(i) ? tape.watch(values.get(i)) : values.get(i));
      if (watched.get(i)) {
        asked.add(inputs.getLast());
      }
    }
    List<Expr> results = apply.apply(inputs);
    List<Expr> outputs = new ArrayList<>();
    List<Expr> from = new ArrayList<>();
    for (int i = 0; i < seeds.size(); i++) {
      if (!seeds.get(i).isEmpty()) {
        outputs.add(results.get(i));
        from.add(place.apply(seeds.get(i).getFirst()));
      }
    }
    return tape.gradients(outputs, from, asked);
  }

  @Override
  public String toString() {
    return name;
  }
}
