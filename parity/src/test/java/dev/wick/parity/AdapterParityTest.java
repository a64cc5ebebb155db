package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.Engine;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepBatch.Sequence;
import dev.wick.engine.model.StepOutput;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.merge.MergeOptions;
import dev.wick.lora.merge.MergedModel;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Models with adapters of the reference data: on top, merged, and several in one batch. */
class AdapterParityTest {
  /** Absolute, on logits of standard deviation 2, as for models without adapters. */
  private static final float TOLERANCE = 1e-4f;

  /** For models with gated delta-net layers, where single precision itself differs by more. */
  private static final float RECURRENT_TOLERANCE = 2e-3f;

  private static final List<String> PARTS = List.of("logits", "base", "merged", "greedy");

  @TempDir Path temporary;

  private final LoadedModels loaded = new LoadedModels();

  @TestFactory
  List<DynamicTest> adapters() {
    CaseCount cases = new CaseCount("adapters");
    int inManifest = 0;
    for (String device : Devices.wanted()) {
      for (GoldenAdapter golden : GoldenAdapter.all()) {
        for (String part : PARTS) {
          inManifest++;
          String name = "%s %s %s".formatted(device, golden.name(), part);
          cases.add(
              device,
              golden.base(),
              name,
              () -> {
                switch (part) {
                  case "logits" -> logits(device, golden);
                  case "base" -> base(device, golden);
                  case "merged" -> merged(device, golden);
                  default -> greedy(device, golden);
                }
              });
        }
      }
      for (var entry : GoldenAdapter.manifest().get("mixed_batches").properties()) {
        inManifest++;
        String name = "%s %s".formatted(device, entry.getKey());
        GoldenModel base = GoldenAdapter.model(entry.getValue().get("base").asText());
        cases.add(device, base, name, () -> mixed(device, entry.getKey(), entry.getValue(), base));
      }
    }
    return cases.tests(inManifest);
  }

  @AfterEach
  void close() {
    loaded.close();
  }

  private void logits(String device, GoldenAdapter golden) throws IOException {
    LanguageModel model = loaded.get(device, golden.base());
    try (Checkpoint checkpoint = Checkpoint.open(golden.base().folder());
        PeftAdapter adapter = golden.open(checkpoint);
        GoldenTensors expected = golden.expected()) {
      assertLogits(model, golden, expected, "logits", List.of(new AdapterUse(adapter, 1)));
    }
  }

  private void base(String device, GoldenAdapter golden) throws IOException {
    LanguageModel model = loaded.get(device, golden.base());
    try (GoldenTensors expected = golden.expected()) {
      assertLogits(model, golden, expected, "base_logits", List.of());
    }
  }

  private void merged(String device, GoldenAdapter golden) throws IOException {
    Path folder = temporary.resolve(device + "-" + golden.name());
    try (Checkpoint checkpoint = Checkpoint.open(golden.base().folder());
        PeftAdapter adapter = golden.open(checkpoint)) {
      // The reference was computed from weights widened to F32.
      MergedModel.write(
          checkpoint, List.of(new AdapterUse(adapter, 1)), folder, MergeOptions.WIDENED);
    }
    GoldenModel merged = new GoldenModel(golden.name(), folder, golden.base().tensors());
    try (Engine engine = Engine.open(device);
        GoldenModel.Loaded model = merged.load(engine);
        GoldenTensors expected = golden.expected()) {
      assertLogits(model.model(), golden, expected, "merged_logits", List.of());
    }
  }

  private void greedy(String device, GoldenAdapter golden) throws IOException {
    LanguageModel model = loaded.get(device, golden.base());
    try (Checkpoint checkpoint = Checkpoint.open(golden.base().folder());
        PeftAdapter adapter = golden.open(checkpoint);
        GoldenTensors expected = golden.expected();
        KvLease lease = model.kvPool().lease()) {
      List<AdapterUse> uses = List.of(new AdapterUse(adapter, 1));
      int[] path = expected.ints("greedy_ids");
      float[] logSumExp = expected.floats("greedy_logsumexp");
      StepOutput output = new StepOutput();
      model.step(batch(lease, Logits.LAST, uses, expected.ints("input_ids")), output);
      for (int i = 0; i < path.length; i++) {
        assertThat(output.argMax(0)).as("step %d", i).isEqualTo(path[i]);
        int[] top = expected.intRow("greedy_top_ids", i);
        float[] actual = new float[top.length];
        for (int j = 0; j < top.length; j++) {
          actual[j] = output.logits(0)[top[j]];
        }
        float[] topLogits = expected.floatRow("greedy_top_logits", i);
        Compare.close(actual, topLogits, tolerance(golden.base()), "step " + i);
        assertThat(output.logSumExp(0))
            .isCloseTo(logSumExp[i], Offset.offset(tolerance(golden.base())));
        model.step(batch(lease, Logits.LAST, uses, path[i]), output);
      }
    }
  }

  private void mixed(String device, String name, JsonNode golden, GoldenModel base)
      throws IOException {
    LanguageModel model = loaded.get(device, base);
    Path goldens = Goldens.folder();
    Map<String, PeftAdapter> adapters = new LinkedHashMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(base.folder());
        GoldenTensors expected =
            GoldenTensors.open(goldens.resolve("lora/" + name + ".safetensors"))) {
      for (var entry : golden.get("adapters").properties()) {
        BaseWeights weights = new BaseWeights(checkpoint.location(), checkpoint.weights());
        Path folder = goldens.resolve(entry.getValue().asText());
        adapters.put(entry.getKey(), PeftAdapter.open(entry.getKey(), folder, weights));
      }
      int rows = golden.get("row_adapters").size();
      int[] ids = expected.ints("input_ids");
      int length = ids.length / rows;
      List<Sequence> sequences = new ArrayList<>();
      for (JsonNode row : golden.get("row_adapters")) {
        List<AdapterUse> uses =
            Stream.ofNullable(adapters.get(row.asText()))
                .map(adapter -> new AdapterUse(adapter, 1))
                .toList();
        assertThat(uses.isEmpty()).isEqualTo(row.asText().equals("__base__"));
        sequences.add(new Sequence(length, model.kvPool().lease(), Logits.ALL, uses));
      }
      StepOutput output = new StepOutput();
      model.step(new StepBatch(ids, sequences), output);
      sequences.forEach(sequence -> sequence.lease().close());

      float[] logits = expected.floats("logits");
      int vocab = logits.length / ids.length;
      for (int row = 0; row < ids.length; row++) {
        float[] wanted = Arrays.copyOfRange(logits, row * vocab, (row + 1) * vocab);
        Compare.close(output.logits(row), wanted, tolerance(base), name + " row " + row);
      }
    } finally {
      adapters.values().forEach(PeftAdapter::close);
    }
  }

  private static void assertLogits(
      LanguageModel model,
      GoldenAdapter golden,
      GoldenTensors expected,
      String name,
      List<AdapterUse> uses) {
    int[] ids = expected.ints("input_ids");
    StepOutput output = new StepOutput();
    try (KvLease lease = model.kvPool().lease()) {
      model.step(batch(lease, Logits.ALL, uses, ids), output);
    }
    for (int row = 0; row < ids.length; row++) {
      float[] wanted = expected.floatRow(name, row);
      Compare.close(output.logits(row), wanted, tolerance(golden.base()), name + " row " + row);
    }
  }

  private static StepBatch batch(
      KvLease lease, Logits logits, List<AdapterUse> uses, int... tokens) {
    return new StepBatch(tokens, List.of(new Sequence(tokens.length, lease, logits, uses)));
  }

  private static float tolerance(GoldenModel model) {
    JsonNode config = Goldens.json(model.folder().resolve("config.json"));
    return config.findValue("linear_conv_kernel_dim") == null ? TOLERANCE : RECURRENT_TOLERANCE;
  }
}
