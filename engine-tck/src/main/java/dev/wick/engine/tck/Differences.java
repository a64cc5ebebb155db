package dev.wick.engine.tck;

import dev.wick.engine.autodiff.Tape;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tck.reference.DoubleEvaluator;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The oracle of gradients: a tape over arithmetic in F64, itself checked against central
 * differences of the computation in the same arithmetic.
 */
final class Differences {
  private static final double STEP = 1e-5;

  /** How many elements of all operands together are looked at, and of one at least. */
  private static final int ELEMENTS = 40;

  private static final int FEWEST = 2;

  private final GradientCase gradientCase;
  private final RandomGenerator random;

  Differences(GradientCase gradientCase, RandomGenerator random) {
    this.gradientCase = gradientCase;
    this.random = random;
  }

  /**
   * The gradients of the watched operands.
   *
   * @throws AssertionError if they are not what differences say
   */
  List<double[]> gradients() {
    DoubleEvaluator doubles = new DoubleEvaluator();
    Tape tape = new Tape(doubles);
    List<double[]> gradients =
        gradientCase
            .gradients(tape, values(doubles), seed -> value(doubles, seed, numbers(seed)))
            .stream()
            .map(DoubleEvaluator::numbers)
            .toList();
    int share = Math.max(FEWEST, ELEMENTS / Math.max(1, gradients.size()));
    int next = 0;
    for (int i = 0; i < gradientCase.operands().size(); i++) {
      if (gradientCase.watched().get(i)) {
        check(i, gradients.get(next++), share);
      }
    }
    return gradients;
  }

  private void check(int operand, double[] gradient, int most) {
    int size = gradient.length;
    int checked = 0;
    int wanted = Math.min(most, size);
    double here = wanted == 0 ? 0 : loss(operand, 0, 0);
    for (int n = 0; n < wanted; n++) {
      int element = size <= most ? n : random.nextInt(size);
      double before = loss(operand, element, -STEP);
      double after = loss(operand, element, STEP);
      double difference = (after - before) / (2 * STEP);
      double bend = (after - 2 * here + before) / STEP;
      if (Math.abs(bend) > 1e-3 * (1 + Math.abs(difference))) {
        continue; // a kink lies in between
      }
      checked++;
      double allowed = 1e-6 * (1 + Math.abs(difference));
      if (!(Math.abs(gradient[element] - difference) <= allowed)) {
        throw new AssertionError(
            "%s: gradient of element %d of operand %d: expected %s by differences, got %s"
                .formatted(gradientCase, element, operand, difference, gradient[element]));
      }
    }
    if (2 * checked < wanted) {
      throw new AssertionError(
          "%s: operand %d: expected kinks to be rare, got %d of %d elements at one"
              .formatted(gradientCase, operand, wanted - checked, wanted));
    }
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
