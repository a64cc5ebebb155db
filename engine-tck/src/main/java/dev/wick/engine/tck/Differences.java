package dev.wick.engine.tck;

import dev.wick.engine.autodiff.Tape;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tck.reference.DoubleEvaluator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The oracle of gradients: a tape over arithmetic in F64, itself checked against central
 * differences of the computation in the same arithmetic.
 *
 * <p>Differences say nothing where the computation has a kink within the step (a maximum of two
 * numbers that are nearly equal) or bends too much for the step. Where gradient and difference
 * disagree, a second difference over half the step tells: on a smooth function both agree, and the
 * change of slope within the step halves; beside a kink the differences are different, and at one
 * the change of slope stays. A case with more than a few of such elements proves nothing.
 */
final class Differences {
  private static final double STEP = 1e-5;

  /** How many elements of all operands together are looked at, and of one at least. */
  private static final int ELEMENTS = 40;

  private static final int FEWEST = 2;

  /** Four times what rounding to F32 changes a number by, and how often it is tried. */
  private static final double ROUNDING = 0x1p-22;

  private static final int TRIALS = 8;

  private final GradientCase gradientCase;
  private final RandomGenerator random;

  Differences(GradientCase gradientCase, RandomGenerator random) {
    this.gradientCase = gradientCase;
    this.random = random;
  }

  /**
   * The gradients of the watched operands; empty if too many elements are at a kink to tell.
   *
   * @throws AssertionError if they are not what differences say
   */
  Optional<List<double[]>> gradients() {
    List<double[]> gradients = gradients(new DoubleEvaluator());
    int share = Math.max(FEWEST, ELEMENTS / Math.max(1, gradients.size()));
    int next = 0;
    boolean decided = true;
    for (int i = 0; i < gradientCase.operands().size(); i++) {
      if (gradientCase.watched().get(i)) {
        decided &= check(i, gradients.get(next++), share);
      }
    }
    return decided ? Optional.of(gradients) : Optional.empty();
  }

  /**
   * Whether the gradients are the same when each step of the computation is disturbed by a few
   * roundings of F32. They are not where a rounding decides which of two equal numbers is the
   * larger, or where roundings are amplified: there a device may be right and far away.
   */
  boolean withstandRoundings() {
    List<double[]> gradients = gradients(new DoubleEvaluator());
    Tolerance tolerance = new Tolerance(gradientCase.terms());
    for (int trial = 0; trial < TRIALS; trial++) {
      List<double[]> disturbed = gradients(new DoubleEvaluator(ROUNDING, random));
      for (int i = 0; i < gradients.size(); i++) {
        if (!tolerance.allows(gradients.get(i), disturbed.get(i))) {
          return false;
        }
      }
    }
    return true;
  }

  private List<double[]> gradients(DoubleEvaluator doubles) {
    return gradientCase
        .gradients(new Tape(doubles), values(doubles), seed -> value(doubles, seed, numbers(seed)))
        .stream()
        .map(DoubleEvaluator::numbers)
        .toList();
  }

  /** Whether differences decide about all but a quarter of the elements. */
  private boolean check(int operand, double[] gradient, int most) {
    int size = gradient.length;
    int undecided = 0;
    int wanted = Math.min(most, size);
    for (int n = 0; n < wanted; n++) {
      int element = size <= most ? n : random.nextInt(size);
      double before = loss(operand, element, -STEP);
      double after = loss(operand, element, STEP);
      double difference = (after - before) / (2 * STEP);
      if (disagree(gradient[element], difference)
          && !isSettled(operand, element, before, after, gradient[element])) {
        undecided++;
      }
    }
    return 4 * undecided <= wanted + 2;
  }

  private static boolean disagree(double gradient, double difference) {
    return !(Math.abs(gradient - difference) <= 1e-6 * (1 + Math.abs(difference)));
  }

  /**
   * Whether half the step shows that the gradient is right after all; if not, whether that is sure.
   *
   * @throws AssertionError if the function is smooth here, and the gradient is not its slope
   */
  private boolean isSettled(
      int operand, int element, double before, double after, double gradient) {
    double here = loss(operand, element, 0);
    double closeBefore = loss(operand, element, -STEP / 2);
    double closeAfter = loss(operand, element, STEP / 2);
    double wide = (after - before) / (2 * STEP);
    double close = (closeAfter - closeBefore) / STEP;
    double extrapolated = (4 * close - wide) / 3; // Richardson: without the cubic term
    if (!disagree(gradient, extrapolated)) {
      return true;
    }
    double bend = Math.abs(after - 2 * here + before) / STEP;
    double closeBend = 2 * Math.abs(closeAfter - 2 * here + closeBefore) / STEP;
    boolean atKink = closeBend > 0.75 * bend && closeBend >= Math.abs(gradient - close);
    if (atKink || disagree(wide, close)) {
      return false;
    }
    throw new AssertionError(
        "%s: gradient of element %d of operand %d: expected %s by differences, got %s"
            .formatted(gradientCase, element, operand, extrapolated, gradient));
  }

  /** The loss with one element moved. */
  private double loss(int operand, int element, double step) {
    DoubleEvaluator doubles = new DoubleEvaluator();
    List<Expr> values = values(doubles);
    HostTensor moved = gradientCase.operands().get(operand);
    double[] numbers = numbers(moved);
    numbers[element] += step;
    values.set(operand, value(doubles, moved, numbers));
    List<Expr> results = gradientCase.computation().apply(values);
    double loss = 0;
    for (int i = 0; i < results.size(); i++) {
      for (HostTensor seed : gradientCase.seeds().get(i)) {
        double[] result = DoubleEvaluator.numbers(results.get(i));
        for (int j = 0; j < result.length; j++) {
          loss += seed.number(j) * result[j];
        }
      }
    }
    return loss;
  }

  private List<Expr> values(DoubleEvaluator doubles) {
    List<Expr> values = new ArrayList<>();
    for (HostTensor operand : gradientCase.operands()) {
      values.add(
          GradientCase.isNumber(operand.dtype())
              ? value(doubles, operand, numbers(operand))
              : doubles.value(operand.spec(), operand.bytes().clone()));
    }
    return values;
  }

  private static Expr value(DoubleEvaluator doubles, HostTensor tensor, double[] numbers) {
    return doubles.value(tensor.spec(), numbers);
  }

  private static double[] numbers(HostTensor tensor) {
    double[] numbers = new double[tensor.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = tensor.number(i);
    }
    return numbers;
  }
}
