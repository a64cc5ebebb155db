package dev.wick.lora.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.Engine;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExampleWeightTest {
  private static final PeftConfig ADAPTER =
      PeftConfig.builder(4, 8).targetModules("q_proj", "down").build();

  private final Example one = Example.of(new int[] {1, 5, 9, 13, 17});
  private final Example other = Example.of(new int[] {2, 3, 5, 7});

  @Test
  void weight_ofAnExample_countsAsManyOfIt() {
    TrainingConfig config = TrainingConfig.builder().build();
    try (Engine engine = Engine.open("cpu");
        ToyModel model = new ToyModel(engine);
        TrainingSession session = TrainingSession.lora(model, ADAPTER, config)) {
      session.step(batch(one, other), 0.01); // so that both matrices have gradients
      double many = session.computeGradients(batch(one, one, one, other));
      Map<String, HostTensor> expected = session.gradients();
      double manyEvaluated = session.evaluate(batch(one, one, one, other));

      double weighted = session.computeGradients(batch(one.withWeight(3), other));

      assertThat(weighted).isCloseTo(many, within(1e-5));
      session
          .gradients()
          .forEach(
              (name, gradient) ->
                  assertThat(gradient.toFloatArray())
                      .as(name)
                      .containsExactly(expected.get(name).toFloatArray(), within(1e-5f)));
      assertThat(session.evaluate(batch(one.withWeight(3), other)))
          .isCloseTo(manyEvaluated, within(1e-5))
          .isNotCloseTo(session.evaluate(batch(one, other)), within(1e-4));
    }
  }

  private static List<MicroBatch> batch(Example... examples) {
    return List.of(new MicroBatch(List.of(examples)));
  }

  @Test
  void adapter_ofASession_hasItsNumbers() {
    TrainingConfig config = TrainingConfig.builder().build();
    try (Engine engine = Engine.open("cpu");
        ToyModel model = new ToyModel(engine);
        TrainingSession session = TrainingSession.lora(model, ADAPTER, config);
        TrainingSession full = TrainingSession.full(model, config)) {
      session.step(batch(one, other), 0.01);
      try (PeftAdapter adapter = session.adapter("toy")) {
        double loss = session.evaluate(batch(one));
        session.step(batch(one, other), 0.01);
        try (TrainingSession again = TrainingSession.lora(model, adapter, config)) {
          assertThat(again.evaluate(batch(one))).isEqualTo(loss);
        }
      }
      assertThatThrownBy(() -> full.adapter("toy"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("expected a session that trains an adapter");
    }
  }

  @Test
  void withWeight_notAboveZero_isRefused() {
    for (float weight : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> one.withWeight(weight))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("example: expected a finite weight above 0, got " + weight);
    }
  }
}
