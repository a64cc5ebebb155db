package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.TrainingSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Fine-tuning step by step, and gradients of whole models, against PEFT and torch. Tolerances are
 * those of the reference data's README. It has none for parameters, which differ by up to 1e-5
 * between F32 and F64 there.
 */
class TrainingParityTest {
  private static final double LOSS = 1e-4;
  private static final double PARAMETER = 1e-4;
  private static final double ATTENTION_GRADIENT = 1e-4;
  private static final double DELTA_NET_GRADIENT = 1e-3;

  private final LoadedModels loaded = new LoadedModels();
  private final Map<String, GoldenTraining> runs = new HashMap<>();

  @TestFactory
  List<DynamicTest> trajectories() {
    CaseCount cases = new CaseCount("training trajectories");
    JsonNode manifest = Goldens.json(folder().resolve("manifest.json")).get("trajectories");
    for (String device : Devices.wanted()) {
      manifest
          .properties()
          .forEach(entry -> addTrajectory(cases, device, entry.getKey(), model(entry.getValue())));
    }
    return cases.tests(6 * manifest.size() * Devices.wanted().size());
  }

  private void addTrajectory(CaseCount cases, String device, String name, GoldenModel model) {
    Path files = folder().resolve(name);
    String title = device + " " + name;
    add(
        cases,
        device,
        model,
        title + " losses",
        r -> {
          double[] expected = doubles(files, "loss");
          for (int step = 0; step < expected.length; step++) {
            assertThat(r.losses.get(step))
                .as("step %d", step)
                .isCloseTo(expected[step], within(LOSS));
          }
        },
        name);
    add(
        cases,
        device,
        model,
        title + " gradient norms",
        r -> {
          double[] expected = doubles(files, "grad_norm");
          for (int step = 0; step < expected.length; step++) {
            assertThat(r.gradientNorms.get(step))
                .as("step %d", step)
                .isCloseTo(expected[step], within(gradientTolerance(model) * expected[step]));
          }
        },
        name);
    add(
        cases,
        device,
        model,
        title + " rates",
        r -> {
          double[] expected = doubles(files, "lr");
          for (int step = 0; step < expected.length; step++) {
            assertThat(r.rates.get(step))
                .as("step %d", step)
                .isCloseTo(expected[step], within(1e-12));
          }
        },
        name);
    add(
        cases,
        device,
        model,
        title + " gradients",
        r -> compare(files.resolve("grads.safetensors"), r.gradients::get, model),
        name);
    add(
        cases,
        device,
        model,
        title + " parameters on the way",
        r -> compare(files.resolve("params_after.safetensors"), r.parameters::get),
        name);
    add(
        cases,
        device,
        model,
        title + " final adapter",
        r -> compare(files.resolve("final/adapter_model.safetensors"), r.parameters::get),
        name);
  }

  private interface Check {
    void run(GoldenTraining training);
  }

  private void add(
      CaseCount cases, String device, GoldenModel model, String title, Check check, String run) {
    cases.add(
        device,
        model,
        title,
        () -> {
          String key = device + " " + run;
          GoldenTraining training = runs.get(key);
          if (training == null) {
            training = GoldenTraining.run(folder().resolve(run), loaded.get(device, model));
            runs.put(key, training);
          }
          check.run(training);
        });
  }

  @TestFactory
  List<DynamicTest> fullGradients() {
    CaseCount cases = new CaseCount("training gradients of all parameters");
    JsonNode manifest = Goldens.json(folder().resolve("manifest.json")).get("full_gradients");
    for (String device : Devices.wanted()) {
      manifest
          .properties()
          .forEach(
              entry -> {
                GoldenModel model = model(entry.getValue());
                cases.add(
                    device,
                    model,
                    device + " " + entry.getKey(),
                    () -> fullGradient(device, model, folder().resolve(entry.getKey())));
              });
    }
    return cases.tests(manifest.size() * Devices.wanted().size());
  }

  private void fullGradient(String device, GoldenModel golden, Path files) throws IOException {
    JsonNode run = Goldens.json(files.resolve("run.json"));
    LanguageModel model = loaded.get(device, golden);
    try (GoldenTensors batch = GoldenTensors.open(files.resolve("batch.safetensors"));
        TrainingSession session = TrainingSession.full(model, TrainingConfig.builder().build())) {
      double loss = session.computeGradients(GoldenBatches.of(batch));

      assertThat(loss).isCloseTo(run.get("loss").asDouble(), within(LOSS));
      double norm = run.get("grad_norm").asDouble();
      assertThat(session.gradientNorm()).isCloseTo(norm, within(gradientTolerance(golden) * norm));
      Map<String, HostTensor> gradients = session.gradients();
      compare(files.resolve("grads.safetensors"), name -> FusedExperts.of(name, gradients), golden);
    }
  }

  private static Path folder() {
    return Goldens.folder().resolve("training");
  }

  private static GoldenModel model(JsonNode entry) {
    String base = entry.get("base").asText();
    return GoldenModel.all().stream()
        .filter(model -> base.equals("models/" + model.name()))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("golden: no model " + base));
  }

  /** Gradients to the tolerance relative to the largest element of each. */
  private static void compare(Path file, Function<String, float[]> actual, GoldenModel model) {
    compare(file, actual, largest -> gradientTolerance(model) * largest);
  }

  private static void compare(Path file, Function<String, float[]> actual) {
    compare(file, actual, largest -> PARAMETER);
  }

  private static void compare(
      Path file, Function<String, float[]> actual, DoubleUnaryOperator tolerance) {
    try (GoldenTensors expected = GoldenTensors.open(file)) {
      for (String name : expected.names()) {
        String ours = name.replace("lora_magnitude_vector.weight", "lora_magnitude_vector");
        float[] found = actual.apply(ours);
        assertThat(found).as(name).isNotNull();
        assertClose(name, expected.floats(name), found, tolerance);
      }
    }
  }

  private static void assertClose(
      String name, float[] expected, float[] found, DoubleUnaryOperator tolerance) {
    assertThat(found).as(name).hasSameSizeAs(expected);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs((double) expected[i] - found[i]));
    }
    assertThat(difference)
        .as("%s: largest difference, of numbers up to %s", name, largest)
        .isLessThanOrEqualTo(tolerance.applyAsDouble(largest));
  }

  private static double gradientTolerance(GoldenModel model) {
    boolean deltaNet =
        model.modelType().startsWith("qwen3_5") || model.modelType().startsWith("qwen3_next");
    return deltaNet ? DELTA_NET_GRADIENT : ATTENTION_GRADIENT;
  }

  private static double[] doubles(Path files, String name) {
    try (GoldenTensors tensors = GoldenTensors.open(files.resolve("run.safetensors"))) {
      double[] values = new double[Math.toIntExact(tensors.spec(name).shape().size())];
      ByteBuffer.wrap(tensors.bytes(name))
          .order(ByteOrder.LITTLE_ENDIAN)
          .asDoubleBuffer()
          .get(values);
      return values;
    }
  }

  @AfterEach
  void close() {
    loaded.close();
  }
}
