package dev.wick.lora.training.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.lora.training.optim.LearningRateSchedule.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptimizerTest {
  @Test
  void adamW_firstStep_movesByTheRateAgainstTheSign() {
    AdamW optimizer = new AdamW(AdamWConfig.DEFAULT.withWeightDecay(0), List.of(3));
    float[] parameter = {1, 1, 1};

    optimizer.step(List.of(parameter), List.of(new float[] {5, -0.01f, 0}), 0.1);

    assertThat(parameter[0]).isCloseTo(0.9f, within(1e-6f));
    assertThat(parameter[1]).isCloseTo(1.1f, within(1e-6f));
    assertThat(parameter[2]).isEqualTo(1);
  }

  @Test
  void adamW_severalParameters_shareOneStepCount() {
    AdamW optimizer = new AdamW(AdamWConfig.DEFAULT, List.of(1, 1));
    float[] first = {1};
    float[] second = {1};

    for (int step = 0; step < 5; step++) {
      optimizer.step(List.of(first, second), List.of(new float[] {0.3f}, new float[] {0.3f}), 0.01);
    }

    assertThat(first).containsExactly(second);
    assertThat(optimizer.steps()).isEqualTo(5);
  }

  /** The numbers of a plain computation in F64. */
  @Test
  void adamW_manySteps_followTheDefinition() {
    AdamWConfig config = new AdamWConfig(0.8, 0.95, 1e-6, 0.1);
    AdamW optimizer = new AdamW(config, List.of(1));
    float[] parameter = {0.7f};
    double expected = 0.7;
    double m = 0;
    double v = 0;

    for (int step = 1; step <= 50; step++) {
      double g = Math.sin(step) * 2;
      optimizer.step(List.of(parameter), List.of(new float[] {(float) g}), 0.02);
      m = 0.8 * m + 0.2 * g;
      v = 0.95 * v + 0.05 * g * g;
      double mean = m / (1 - Math.pow(0.8, step));
      double root = Math.sqrt(v / (1 - Math.pow(0.95, step)));
      expected = expected * (1 - 0.02 * 0.1) - 0.02 * mean / (root + 1e-6);
    }

    assertThat((double) parameter[0]).isCloseTo(expected, within(1e-5));
  }

  @Test
  void adamW_withoutGradient_onlyDecays() {
    AdamW optimizer = new AdamW(AdamWConfig.DEFAULT.withWeightDecay(0.5), List.of(1));
    float[] parameter = {2};

    optimizer.step(List.of(parameter), List.of(new float[1]), 0.1);

    assertThat(parameter[0]).isCloseTo(1.9f, within(1e-6f));
  }

  @Test
  void adamW_otherSizes_areRefused() {
    AdamW optimizer = new AdamW(AdamWConfig.DEFAULT, List.of(2));

    assertThatThrownBy(() -> optimizer.step(List.of(new float[2]), List.of(new float[3]), 0.1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("adamw: expected gradients of [2] elements, got [3]");
  }

  @Test
  void config_outOfRange_isRefused() {
    assertThatThrownBy(() -> new AdamWConfig(1, 0.9, 0, 0))
        .hasMessage("adamw: expected a beta1 of at least 0 and below 1, got 1.0");
  }

  /** Factors that {@code get_*_schedule} of transformers 5.18 gives. */
  @ParameterizedTest
  @CsvSource({
    "CONSTANT, 0, 1",
    "CONSTANT, 99, 1",
    "CONSTANT_WITH_WARM_UP, 0, 0",
    "CONSTANT_WITH_WARM_UP, 5, 0.5",
    "CONSTANT_WITH_WARM_UP, 60, 1",
    "LINEAR, 0, 0",
    "LINEAR, 10, 1",
    "LINEAR, 55, 0.5",
    "LINEAR, 100, 0",
    "COSINE, 5, 0.5",
    "COSINE, 10, 1",
    "COSINE, 55, 0.5",
    "COSINE, 100, 0",
    "WARM_UP_STABLE_DECAY, 5, 0.5",
    "WARM_UP_STABLE_DECAY, 79, 1",
    "WARM_UP_STABLE_DECAY, 90, 0.5",
    "WARM_UP_STABLE_DECAY, 100, 0"
  })
  void schedule_step_hasItsFactor(Kind kind, long step, double factor) {
    LearningRateSchedule schedule = new LearningRateSchedule(kind, 10, 100, 20);

    assertThat(schedule.factor(step)).isCloseTo(factor, within(1e-12));
  }

  @Test
  void schedule_phasesBeyondTheRun_areRefused() {
    assertThatThrownBy(() -> new LearningRateSchedule(Kind.WARM_UP_STABLE_DECAY, 60, 100, 50))
        .hasMessage("schedule: expected warm-up and decay within 100 steps, got 110");
  }
}
