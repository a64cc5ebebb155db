package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.wick.engine.op.Backward;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.DifferentiableOp;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** An operation that names a wrong gradient does not pass the kit. */
class WrongGradientTest {
  /** The exponential, with a gradient of whatever kind. */
  private record Exponential(UnaryOperator<Expr> gradientOf) implements DifferentiableOp {
    @Override
    public String name() {
      return "exponential";
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> operands) {
      return operands;
    }

    @Override
    public List<Expr> decompose(List<Expr> operands) {
      return List.of(operands.getFirst().unary(Unary.Kind.EXP));
    }

    @Override
    public Map<Integer, Expr> gradient(Backward backward) {
      return Map.of(0, gradientOf.apply(backward.result(0).mul(backward.gradient(0))));
    }
  }

  private static List<double[]> differences(UnaryOperator<Expr> gradient) {
    SplittableRandom random = new SplittableRandom(3);
    OpCase opCase =
        OpCase.close(1, new Exponential(gradient), HostTensor.normal(random, DType.F32, 4, 5));
    return new Differences(GradientCase.of(opCase, random), random).gradients().orElseThrow();
  }

  @Test
  void differences_ofARightGradient_agree() {
    assertThat(differences(gradient -> gradient)).hasSize(1);
  }

  @Test
  void differences_ofAGradientThatIsSlightlyOff_disagree() {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> differences(gradient -> gradient.mul(1.0001)))
        .withMessageContaining("gradient of element")
        .withMessageContaining("by differences");
  }

  @Test
  void differences_whereMostElementsAreAtAKink_decideNothing() {
    SplittableRandom random = new SplittableRandom(4);
    assertThat(new Differences(kink(0, random), random).gradients()).isEmpty();
    assertThat(new Differences(kink(1e-3, random), random).gradients()).isPresent();
  }

  @Test
  void withstandRoundings_tellsWhereRoundingsDecide() {
    SplittableRandom random = new SplittableRandom(5);
    assertThat(new Differences(kink(1e-9, random), random).withstandRoundings()).isFalse();
    assertThat(new Differences(kink(1e-3, random), random).withstandRoundings()).isTrue();
    GradientCase steep = unary(x -> x.mul(1e5).unary(Unary.Kind.SIN), 1, random);
    assertThat(new Differences(steep, random).withstandRoundings()).isFalse();
  }

  /** The larger of {@code x²} and {@code 1 + distance}, around {@code x = 1}. */
  private static GradientCase kink(double distance, SplittableRandom random) {
    return unary(
        x -> x.mul(x).apply(new Binary(Binary.Kind.MAX), x.constant(1 + distance)), 1, random);
  }

  private static GradientCase unary(
      UnaryOperator<Expr> computation, double at, SplittableRandom random) {
    TensorSpec spec = TensorSpec.of(DType.F32, 3, 4);
    return new GradientCase(
        "unary",
        values -> List.of(computation.apply(values.getFirst())),
        List.of(HostTensor.of(spec, i -> at)),
        List.of(true),
        List.of(List.of(HostTensor.uniform(random, 1, 2, 3, 4))),
        10);
  }

  @Test
  void gradient_ofAnotherShape_isRefused() {
    assertThatIllegalStateException()
        .isThrownBy(() -> differences(gradient -> gradient.sum(0)))
        .withMessage("exponential: expected a gradient F32[4, 5] of operand 0, got F32[1, 5]");
  }
}
