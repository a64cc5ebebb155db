package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.wick.engine.op.Backward;
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
    return new Differences(GradientCase.of(opCase, random), random).gradients();
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
  void gradient_ofAnotherShape_isRefused() {
    assertThatIllegalStateException()
        .isThrownBy(() -> differences(gradient -> gradient.sum(0)))
        .withMessage("exponential: expected a gradient F32[4, 5] of operand 0, got F32[1, 5]");
  }
}
