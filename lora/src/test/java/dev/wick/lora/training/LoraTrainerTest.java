package dev.wick.lora.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.Engine;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.peft.ModuleSelector;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.peft.PeftConfigBuilder;
import dev.wick.lora.training.TrainingResult.Outcome;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import dev.wick.lora.training.data.TrainingData;
import dev.wick.lora.training.program.Trainable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraTrainerTest {
  private static final Engine ENGINE = Engine.open("cpu");

  private final ToyModel model = new ToyModel(ENGINE);
  private final TrainingData data = ToyData.sequences(24, 1);

  @TempDir private Path folder;

  @AfterEach
  void close() {
    model.close();
  }

  @AfterAll
  static void closeEngine() {
    ENGINE.close();
  }

  private static PeftConfigBuilder adapter() {
    return PeftConfig.builder(4, 8).targetModules(new ModuleSelector.AllLinear());
  }

  private static TrainingConfigBuilder config() {
    return TrainingConfig.builder().steps(12).learningRate(0.01).batchSize(3);
  }

  /** Notes losses, and cancels after a number of steps. */
  private static final class Recorder implements TrainingListener {
    final List<Double> losses = new ArrayList<>();
    final List<EvaluationReport> evaluations = new ArrayList<>();
    int cancelAfter;
    LoraTrainer trainer;

    @Override
    public void onStep(StepReport report) {
      losses.add(report.loss());
      if (losses.size() == cancelAfter) {
        trainer.cancel();
      }
    }

    @Override
    public void onEvaluation(EvaluationReport report) {
      evaluations.add(report);
    }
  }

  private Recorder run(
      PeftConfig adapter, TrainingConfig config, String name, boolean resume, int cancelAfter)
      throws IOException {
    Recorder recorder = new Recorder();
    recorder.cancelAfter = cancelAfter;
    recorder.trainer =
        new LoraTrainer(model, adapter, config).withListener(recorder).withResume(resume);
    recorder.trainer.train(data, folder.resolve(name));
    return recorder;
  }

  @Test
  void train_rule_isLearned() throws IOException {
    LoraTrainer trainer =
        new LoraTrainer(model, adapter().build(), config().steps(60).learningRate(0.03).build());
    Recorder recorder = new Recorder();

    TrainingResult result = trainer.withListener(recorder).train(data, folder);

    assertThat(result.outcome()).isEqualTo(Outcome.COMPLETED);
    assertThat(result.steps()).isEqualTo(60);
    assertThat(result.loss()).isLessThan(0.8 * recorder.losses.getFirst());
    assertThat(folder.resolve("loss.svg")).exists();
    assertThat(folder.resolve("loss.csv")).content().hasLineCount(61);
    try (PeftAdapter trained = PeftAdapter.open("trained", folder)) {
      assertThat(trained.deltas()).hasSize(14);
    }
  }

  @Test
  void train_interruptedAndResumed_givesTheSameBits() throws IOException {
    PeftConfig adapter = adapter().loraDropout(0.2).useDora(true).build();
    TrainingConfig config = config().gradientAccumulation(2).build();

    Recorder whole = run(adapter, config, "whole", false, 0);
    Recorder first = run(adapter, config, "parts", false, 7);
    Recorder second = run(adapter, config, "parts", true, 0);

    List<Double> parts = new ArrayList<>(first.losses);
    parts.addAll(second.losses);
    assertThat(first.losses).hasSize(7);
    assertThat(parts).isEqualTo(whole.losses);
    for (String name : List.of("adapter_model.safetensors", "loss.csv", "loss.svg")) {
      assertThat(folder.resolve("parts").resolve(name))
          .hasSameBinaryContentAs(folder.resolve("whole").resolve(name));
    }
  }

  @Test
  void train_intoAFolderWithCheckpoints_isRefused() throws IOException {
    run(adapter().build(), config().steps(1).build(), "run", false, 0);

    assertThatThrownBy(() -> run(adapter().build(), config().build(), "run", false, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a folder without checkpoints")
        .hasMessageContaining("checkpoint-1");
  }

  @Test
  void resume_withOtherSettings_isRefused() throws IOException {
    run(adapter().build(), config().steps(1).build(), "run", false, 0);

    assertThatThrownBy(() -> run(adapter().build(), config().seed(3).build(), "run", true, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected the settings and data of")
        .hasMessageContaining("seed=3");
  }

  @Test
  void train_diverging_stopsAndKeepsTheLastCheckpoint() {
    TrainingConfig config =
        config().learningRate(1e30).maxGradientNorm(0).checkpointEvery(1).build();

    assertThatThrownBy(() -> run(adapter().build(), config, "run", false, 0))
        .isInstanceOfSatisfying(
            DivergedException.class,
            failure -> {
              assertThat(failure).hasMessageContaining("expected a finite loss and gradient");
              assertThat(failure).hasMessageContaining("in step " + failure.step());
              Path last = folder.resolve("run/checkpoint-" + (failure.step() - 1));
              assertThat(last.resolve("adapter_model.safetensors")).exists();
            });
  }

  @Test
  void train_validationThatGetsWorse_endsWithTheBest() throws IOException {
    Recorder recorder = new Recorder();
    TrainingConfig config =
        config().steps(200).evaluateEvery(4).earlyStoppingPatience(2).learningRate(0.05).build();
    TrainingData tiny = ToyData.sequences(3, 2);

    TrainingResult result =
        new LoraTrainer(model, adapter().build(), config)
            .withListener(recorder)
            .withValidation(ToyData.sequences(8, 99))
            .train(tiny, folder);

    assertThat(result.outcome()).isEqualTo(Outcome.STOPPED_EARLY);
    double best =
        recorder.evaluations.stream().mapToDouble(EvaluationReport::loss).min().orElseThrow();
    assertThat(result.validationLoss()).hasValue(best);
    long bestStep =
        recorder.evaluations.stream()
            .filter(e -> e.loss() == best)
            .findFirst()
            .orElseThrow()
            .step();
    assertThat(folder.resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(
            folder.resolve("checkpoint-" + bestStep).resolve("adapter_model.safetensors"));
  }

  @Test
  void session_freshAdapter_changesNothing() {
    try (TrainingSession lora =
            TrainingSession.lora(model, adapter().useDora(true).build(), config().build());
        TrainingSession full = TrainingSession.full(model, config().build())) {
      List<MicroBatch> batches = data.batches(4, 0);

      assertThat(lora.evaluate(batches)).isCloseTo(full.evaluate(batches), within(1e-5));
    }
  }

  @Test
  void gradients_withCheckpointing_areTheSame() {
    List<MicroBatch> batches = data.batches(5, 0).subList(0, 2);
    PeftConfig dropping = adapter().loraDropout(0.3).build();

    assertSame(
        gradients(dropping, config().build(), batches),
        gradients(dropping, config().gradientCheckpointing(true).build(), batches));
  }

  @Test
  void gradients_ofPackedSequences_areThoseOfEachAlone() {
    List<Example> examples = data.examples().subList(0, 3);
    List<MicroBatch> together = List.of(new MicroBatch(examples));
    List<MicroBatch> apart = examples.stream().map(e -> new MicroBatch(List.of(e))).toList();

    assertSame(
        gradients(adapter().build(), config().build(), together),
        gradients(adapter().build(), config().build(), apart));
  }

  private Map<String, HostTensor> gradients(
      PeftConfig adapter, TrainingConfig config, List<MicroBatch> batches) {
    try (TrainingSession session = TrainingSession.lora(model, adapter, config)) {
      session.computeGradients(batches);
      return session.gradients();
    }
  }

  private static void assertSame(Map<String, HostTensor> a, Map<String, HostTensor> b) {
    assertThat(a.keySet()).isEqualTo(b.keySet());
    a.forEach(
        (name, tensor) ->
            assertThat(tensor.toFloatArray())
                .as(name)
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(b.get(name).toFloatArray()));
  }

  @Test
  void gradient_ofA_agreesWithFiniteDifferences() throws IOException {
    List<MicroBatch> batches = data.batches(6, 0).subList(0, 1);
    TrainingConfig config = config().labelSmoothing(0.1).build();
    run(adapter().build(), config().steps(3).build(), "start", false, 0);
    try (PeftAdapter start = PeftAdapter.open("start", folder.resolve("start"));
        TrainingSession session = TrainingSession.lora(model, start, config)) {
      session.computeGradients(batches);
      List<Trainable> tensors = session.set().tensors();
      for (int i = 0; i < tensors.size(); i += 5) {
        float[] values = tensors.get(i).values();
        double gradient =
            session.gradients().get(tensors.get(i).name()).toFloatArray()[values.length / 2];
        assertThat(numeric(session, batches, values, values.length / 2))
            .as(tensors.get(i).name())
            .isCloseTo(gradient, within(2e-3 * Math.max(0.1, Math.abs(gradient))));
      }
    }
  }

  private static double numeric(
      TrainingSession session, List<MicroBatch> batches, float[] values, int index) {
    float original = values[index];
    float step = 0.02f;
    values[index] = original + step;
    session.restored(0);
    double above = session.computeGradients(batches);
    values[index] = original - step;
    session.restored(0);
    double below = session.computeGradients(batches);
    values[index] = original;
    session.restored(0);
    return (above - below) / (2 * step);
  }

  @Test
  void full_training_learnsAndWritesAModel() throws IOException {
    Path source = Files.createDirectory(folder.resolve("source"));
    Files.writeString(
        source.resolve("config.json"), "{\"model_type\": \"toy\", \"torch_dtype\": \"float32\"}");
    Recorder recorder = new Recorder();

    TrainingResult result =
        new FullTrainer(model, source, config().steps(40).build())
            .withListener(recorder)
            .train(data, folder.resolve("out"));

    assertThat(result.loss()).isLessThan(0.7 * recorder.losses.getFirst());
    assertThat(folder.resolve("out/config.json"))
        .content()
        .contains("\"dtype\": \"bfloat16\"")
        .doesNotContain("torch_dtype");
    assertThat(folder.resolve("out/model.safetensors")).exists();
  }

  @Test
  void lora_targetsOfNothing_namesWhatThereIs() {
    PeftConfig wrong = PeftConfig.builder(4, 8).targetModules("query").build();

    assertThatThrownBy(() -> TrainingSession.lora(model, wrong, config().build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("which none of [q_proj, k_proj")
        .hasMessageContaining("matches");
  }

  @Test
  void step_foreignToken_isRefused() {
    MicroBatch batch = new MicroBatch(List.of(Example.of(new int[] {1, ToyModel.VOCABULARY})));
    try (TrainingSession session =
        TrainingSession.lora(model, adapter().build(), config().build())) {
      assertThatThrownBy(() -> session.step(List.of(batch), 0.1))
          .hasMessage("training: expected tokens below 29, the model's vocabulary, got 29");
    }
  }
}
