package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import dev.wick.formats.gguf.GgufHeader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** GGUF files of every type: what they hold, their logits and greedy paths. */
class GgufParityTest {
  /** Absolute, on logits of standard deviation 2; measured f32-f64 differences are near 1e-5. */
  private static final float TOLERANCE = 1e-4f;

  private final LoadedModels loaded = new LoadedModels();

  @TestFactory
  List<DynamicTest> files() {
    Path folder = Goldens.folder().resolve("gguf");
    CaseCount cases = new CaseCount("gguf");
    int inManifest = 0;
    for (Map.Entry<String, JsonNode> entry :
        Goldens.json(folder.resolve("manifest.json")).get("files").properties()) {
      Path file = folder.resolve(entry.getKey());
      JsonNode facts = entry.getValue();
      GoldenModel golden =
          new GoldenModel(entry.getKey(), file, folder.resolve(facts.get("expected").asText()));
      inManifest++;
      cases.add(entry.getKey() + " header", () -> header(file, facts));
      for (String device : Devices.wanted()) {
        String against = Devices.reasonAgainst(device);
        for (String what : List.of("logits", "greedy")) {
          inManifest++;
          String name = "%s %s %s".formatted(device, entry.getKey(), what);
          if (!against.isEmpty()) {
            cases.skip(name, against);
          } else if (what.equals("logits")) {
            cases.add(name, () -> logits(device, golden));
          } else {
            cases.add(name, () -> greedy(device, golden));
          }
        }
      }
    }
    return cases.tests(inManifest);
  }

  @AfterEach
  void close() {
    loaded.close();
  }

  private static void header(Path file, JsonNode facts) throws IOException {
    GgufHeader header = GgufHeader.read(file);

    Map<String, Integer> types = new TreeMap<>();
    header
        .entries()
        .values()
        .forEach(tensor -> types.merge(tensor.spec().dtype().name(), 1, Integer::sum));
    assertThat(header.metadata().text("general.architecture")).contains(facts.get("arch").asText());
    Map<String, Integer> expected = new TreeMap<>();
    facts
        .get("tensor_types")
        .properties()
        .forEach(type -> expected.put(type.getKey(), type.getValue().asInt()));
    assertThat(types).containsAllEntriesOf(expected);
    assertThat(header.find("output.weight").isEmpty()).isEqualTo(facts.get("tied").asBoolean());
  }

  private void logits(String device, GoldenModel golden) throws IOException {
    LanguageModel model = loaded.get(device, golden);
    try (GoldenTensors expected = golden.expected();
        KvLease lease = model.kvPool().lease()) {
      int[] ids = expected.ints("input_ids");
      StepOutput output = new StepOutput();

      model.step(StepBatch.of(lease, Logits.ALL, ids), output);

      for (int row = 0; row < ids.length; row++) {
        assertClose(output.logits(row), expected.floatRow("logits", row), "row " + row);
      }
    }
  }

  private void greedy(String device, GoldenModel golden) throws IOException {
    LanguageModel model = loaded.get(device, golden);
    try (GoldenTensors expected = golden.expected();
        KvLease lease = model.kvPool().lease()) {
      int[] ids = expected.ints("greedy_ids");
      float[] logSumExp = expected.floats("greedy_logsumexp");
      StepOutput output = new StepOutput();
      model.step(StepBatch.of(lease, Logits.LAST, expected.ints("input_ids")), output);
      for (int i = 0; i < ids.length; i++) {
        String step = "step " + i;
        assertThat(output.argMax(0)).as(step).isEqualTo(ids[i]);
        int[] top = expected.intRow("greedy_top_ids", i);
        float[] actual = new float[top.length];
        for (int j = 0; j < top.length; j++) {
          actual[j] = output.logits(0)[top[j]];
        }
        assertClose(actual, expected.floatRow("greedy_top_logits", i), step);
        assertClose(new float[] {output.logSumExp(0)}, new float[] {logSumExp[i]}, step);
        model.step(StepBatch.of(lease, Logits.LAST, ids[i]), output);
      }
    }
  }

  private static void assertClose(float[] actual, float[] expected, String what) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    float worst = 0;
    for (int i = 0; i < expected.length; i++) {
      float difference = Math.abs(actual[i] - expected[i]);
      worst = Float.isNaN(difference) ? Float.NaN : Math.max(worst, difference);
    }
    assertThat(worst).as("%s: largest difference", what).isLessThanOrEqualTo(TOLERANCE);
  }
}
