package dev.wick.lora.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class GradientClippingTest {
  @Test
  void clip_aboveTheNorm_scalesAllTogether() {
    List<float[]> gradients = List.of(new float[] {3, 0, 0, 0, 0}, new float[] {4});

    double norm = GradientClipping.norm(gradients);
    GradientClipping.clip(gradients, norm, 1);

    assertThat(norm).isEqualTo(5);
    assertThat(gradients.get(0)[0]).isCloseTo(0.6f, within(1e-6f));
    assertThat(gradients.get(1)[0]).isCloseTo(0.8f, within(1e-6f));
  }

  @Test
  void clip_belowTheNorm_changesNothing() {
    List<float[]> gradients = List.of(new float[] {0.3f});

    GradientClipping.clip(gradients, GradientClipping.norm(gradients), 1);

    assertThat(gradients.getFirst()).containsExactly(0.3f);
  }
}
