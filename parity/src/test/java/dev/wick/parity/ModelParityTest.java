package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Logits, hidden states and greedy paths of every model against the reference. */
class ModelParityTest {
  /** Absolute, on logits of standard deviation 2; measured f32-f64 differences are near 1e-5. */
  private static final float TOLERANCE = 1e-4f;

  private static final List<String> BATCH_CASES = List.of("hidden", "batch", "batch.greedy");

  private final LoadedModels loaded = new LoadedModels();

  @TestFactory
  List<DynamicTest> models() {
    CaseCount cases = new CaseCount("models");
    int inManifest = 0;
    for (String device : Devices.wanted()) {
      for (GoldenModel golden : GoldenModel.all()) {
        for (String prompt : golden.prompts()) {
          inManifest += 2;
          String name = "%s %s %s".formatted(device, golden.name(), prompt);
          cases.add(device, golden, name + " logits", () -> logits(device, golden, prompt));
          cases.add(device, golden, name + " greedy", () -> greedy(device, golden, prompt));
        }
        for (String part : BATCH_CASES) {
          inManifest++;
          String name = "%s %s %s".formatted(device, golden.name(), part);
          cases.add(
              device,
              golden,
              name,
              () -> {
                switch (part) {
                  case "hidden" -> hiddenStates(device, golden);
                  case "batch" -> batch(device, golden);
                  default -> batchGreedy(device, golden);
                }
              });
        }
      }
    }
    return cases.tests(inManifest);
  }

  @AfterEach
  void close() {
    loaded.close();
  }

  private void logits(String device, GoldenModel golden, String prompt) throws Exception {
    LanguageModel model = loaded.get(device, golden);
    try (GoldenTensors expected = golden.expected();
        KvLease lease = model.kvPool().lease()) {
      int[] ids = expected.ints(prompt + ".input_ids");
      StepOutput output = new StepOutput();

      model.step(StepBatch.of(lease, Logits.ALL, ids), output);

      for (int row = 0; row < ids.length; row++) {
        assertClose(output.logits(row), expected.floatRow(prompt + ".logits", row), "row " + row);
      }
      if (expected.has(prompt + ".prompt_logprobs")) {
        float[] logprobs = expected.floats(prompt + ".prompt_logprobs");
        float[] actual = new float[logprobs.length];
        for (int row = 0; row < actual.length; row++) {
          actual[row] = output.logits(row)[ids[row + 1]] - output.logSumExp(row);
        }
        assertClose(actual, logprobs, "prompt_logprobs");
      }
    }
  }

  private void greedy(String device, GoldenModel golden, String prompt) throws Exception {
    LanguageModel model = loaded.get(device, golden);
    try (GoldenTensors expected = golden.expected();
        KvLease lease = model.kvPool().lease()) {
      int[] ids = expected.ints(prompt + ".greedy_ids");
      StepOutput output = new StepOutput();
      model.step(StepBatch.of(lease, Logits.LAST, expected.ints(prompt + ".input_ids")), output);
      for (int i = 0; i < ids.length; i++) {
        String step = "step " + i;
        assertThat(output.argMax(0)).as(step).isEqualTo(ids[i]);
        compareStep(expected, prompt, i, output);
        model.step(StepBatch.of(lease, Logits.LAST, ids[i]), output);
      }
    }
  }

  private static void compareStep(GoldenTensors expected, String prompt, int i, StepOutput output) {
    String step = "step " + i;
    if (expected.has(prompt + ".greedy_logits")) {
      assertClose(output.logits(0), expected.floatRow(prompt + ".greedy_logits", i), step);
    }
    if (expected.has(prompt + ".greedy_top_ids")) {
      int[] top = expected.intRow(prompt + ".greedy_top_ids", i);
      float[] actual = new float[top.length];
      for (int j = 0; j < top.length; j++) {
        actual[j] = output.logits(0)[top[j]];
      }
      assertClose(actual, expected.floatRow(prompt + ".greedy_top_logits", i), step);
    }
    if (expected.has(prompt + ".greedy_logsumexp")) {
      float[] logSumExp = expected.floats(prompt + ".greedy_logsumexp");
      assertClose(new float[] {output.logSumExp(0)}, new float[] {logSumExp[i]}, step);
    }
  }

  private void hiddenStates(String device, GoldenModel golden) throws Exception {
    LanguageModel model = loaded.get(device, golden);
    try (GoldenTensors expected = golden.expected();
        KvLease lease = model.kvPool().lease()) {
      List<String> names =
          expected.names().stream().filter(name -> name.startsWith("hidden.")).toList();

      Map<String, float[]> states =
          model.hiddenStates(StepBatch.of(lease, Logits.NONE, expected.ints("p1.input_ids")));

      assertThat(names).hasSize(states.size());
      for (String name : names) {
        String state = name.substring("hidden.".length());
        assertThat(states).containsKey(state);
        assertClose(states.get(state), expected.floats(name), name);
      }
    }
  }

  private void batch(String device, GoldenModel golden) throws Exception {
    LanguageModel model = loaded.get(device, golden);
    try (GoldenTensors expected = golden.expected()) {
      for (String side : List.of("batch.left", "batch.right")) {
        StepOutput output = new StepOutput();
        List<KvLease> leases = prefill(model, prompts(expected, side), output);
        leases.forEach(KvLease::close);
        for (int row = 0; row < leases.size(); row++) {
          assertClose(
              output.logits(row), expected.floatRow(side + ".last_logits", row), side + row);
          assertClose(
              output.logits(row), expected.floatRow("batch.single_last_logits", row), side + row);
        }
      }
    }
  }

  private void batchGreedy(String device, GoldenModel golden) throws Exception {
    LanguageModel model = loaded.get(device, golden);
    try (GoldenTensors expected = golden.expected()) {
      int[][] paths = rows(expected, "batch.greedy_ids");
      StepOutput output = new StepOutput();
      List<KvLease> leases = prefill(model, prompts(expected, "batch.left"), output);
      for (int i = 0; i < paths[0].length; i++) {
        int[] tokens = new int[leases.size()];
        List<StepBatch.Sequence> sequences = new ArrayList<>();
        for (int row = 0; row < tokens.length; row++) {
          assertThat(output.argMax(row)).as("row %d step %d", row, i).isEqualTo(paths[row][i]);
          tokens[row] = paths[row][i];
          sequences.add(new StepBatch.Sequence(1, leases.get(row), Logits.LAST, List.of()));
        }
        model.step(new StepBatch(tokens, sequences), output);
      }
      leases.forEach(KvLease::close);
    }
  }

  private static List<KvLease> prefill(
      LanguageModel model, List<int[]> prompts, StepOutput output) {
    List<KvLease> leases = new ArrayList<>();
    List<StepBatch.Sequence> sequences = new ArrayList<>();
    for (int[] prompt : prompts) {
      KvLease lease = model.kvPool().lease();
      leases.add(lease);
      sequences.add(new StepBatch.Sequence(prompt.length, lease, Logits.LAST, List.of()));
    }
    int[] tokens = prompts.stream().flatMapToInt(Arrays::stream).toArray();
    model.step(new StepBatch(tokens, sequences), output);
    return leases;
  }

  /** The rows of a padded batch, without their padding. */
  private static List<int[]> prompts(GoldenTensors expected, String side) {
    int[][] ids = rows(expected, side + ".input_ids");
    int[][] mask = rows(expected, side + ".attention_mask");
    List<int[]> prompts = new ArrayList<>();
    for (int row = 0; row < ids.length; row++) {
      int[] rowIds = ids[row];
      int[] rowMask = mask[row];
      prompts.add(
          IntStream.range(0, rowIds.length)
              .filter(i -> rowMask[i] == 1)
              .map(i -> rowIds[i])
              .toArray());
    }
    return prompts;
  }

  private static int[][] rows(GoldenTensors expected, String name) {
    int count = Math.toIntExact(expected.spec(name).shape().extent(0));
    int[][] rows = new int[count][];
    for (int row = 0; row < count; row++) {
      rows[row] = expected.intRow(name, row);
    }
    return rows;
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
