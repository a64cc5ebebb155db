package dev.wick.lora.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.Engine;
import dev.wick.engine.tensor.DType;
import dev.wick.lora.peft.ModuleSelector;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.data.TrainingData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters on a base in quantised blocks (QLoRA, Dettmers et al. 2023, arXiv:2305.14314). */
class QuantizedBaseTest {
  private static final Engine ENGINE = Engine.open("cpu");

  private final TrainingData data = ToyData.sequences(24, 1);

  @TempDir private Path folder;

  @AfterAll
  static void closeEngine() {
    ENGINE.close();
  }

  @ParameterizedTest
  @CsvSource({"Q4_0, 32, false", "Q8_0, 32, true", "Q4_K, 256, false"})
  void train_quantizedBase_learnsAsOnTheWidenedOne(DType dtype, int hidden, boolean dora)
      throws IOException {
    List<Double> quantized = losses(dtype, hidden, false, dora);
    List<Double> widened = losses(dtype, hidden, true, dora);

    assertThat(quantized.getLast()).isLessThan(0.9 * quantized.getFirst());
    for (int step = 0; step < quantized.size(); step++) {
      assertThat(quantized.get(step))
          .as("loss of step %d", step)
          .isCloseTo(widened.get(step), within(1e-3));
    }
    assertThat(quantized.getFirst()).isCloseTo(widened.getFirst(), within(1e-5));
  }

  private List<Double> losses(DType dtype, int hidden, boolean widened, boolean dora)
      throws IOException {
    List<Double> losses = new ArrayList<>();
    PeftConfig adapter =
        PeftConfig.builder(4, 8)
            .targetModules(new ModuleSelector.AllLinear())
            .useDora(dora)
            .build();
    TrainingConfig config =
        TrainingConfig.builder().steps(20).learningRate(0.02).batchSize(3).build();
    try (ToyModel model = new ToyModel(ENGINE, hidden, Optional.of(dtype), widened)) {
      TrainingListener listener =
          new TrainingListener() {
            @Override
            public void onStep(StepReport report) {
              losses.add(report.loss());
            }
          };
      new LoraTrainer(model, adapter, config)
          .withListener(listener)
          .train(data, folder.resolve(dtype + " " + widened));
    }
    return losses;
  }
}
