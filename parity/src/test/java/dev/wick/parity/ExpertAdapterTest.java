package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Adapters on the routed experts of a model, beside the same adapters merged into its weights. */
class ExpertAdapterTest {
  private static final int[] TOKENS = {5, 17, 40, 3, 99, 250, 17, 5, 61, 200, 33, 8};
  private static final float TOLERANCE = 1e-4f;

  @TempDir private Path temporary;

  @TestFactory
  List<DynamicTest> experts() {
    CaseCount cases = new CaseCount("adapters of experts");
    int all = 0;
    for (String device : Devices.wanted()) {
      for (GoldenModel golden : GoldenModel.all()) {
        if (golden.modelType().endsWith("_moe")) {
          all += 2;
          String name = device + " " + golden.name();
          cases.add(
              device,
              golden,
              name + ", all experts",
              () -> compare(device, golden, linear -> linear.contains(".experts.")));
          // Experts without a change stand beside those with one, and the attention has one too.
          cases.add(
              device,
              golden,
              name + ", some experts and the attention",
              () ->
                  compare(
                      device,
                      golden,
                      linear ->
                          linear.contains(".experts.1.")
                              || linear.endsWith(".experts.3.up_proj")
                              || linear.endsWith("self_attn.q_proj")));
        }
      }
    }
    return cases.tests(all);
  }

  private void compare(String device, GoldenModel golden, Predicate<String> wanted)
      throws IOException {
    Path folder = Files.createTempDirectory(temporary, device);
    Path merged = folder.resolve("merged");
    Path saved = folder.resolve("adapter");
    float[][] alone;
    float[][] beside;
    float[][] base;
    try (Engine engine = Engine.open(device);
        GoldenModel.Loaded loaded = golden.load(engine)) {
      LanguageModel model = loaded.model();
      Checkpoint checkpoint = loaded.checkpoint();
      RandomAdapters.of(model, wanted, 0.2, 3).save(saved);
      BaseWeights weights = new BaseWeights(checkpoint.location(), checkpoint.weights());
      try (PeftAdapter adapter = PeftAdapter.open("experts", saved, weights)) {
        assertThat(adapter.deltas().keySet()).anyMatch(name -> name.contains(".experts."));
        List<AdapterUse> use = List.of(new AdapterUse(adapter, 1));
        alone = logits(model, List.of(use)).getFirst();
        List<float[][]> both = logits(model, List.of(List.of(), use));
        base = both.get(0);
        beside = both.get(1);
        assertSame(base, logits(model, List.of(List.of())).getFirst(), "base in a batch");
        MergedModel.write(checkpoint, use, merged, MergeOptions.WIDENED);
      }
    }
    try (Engine engine = Engine.open(device);
        GoldenModel.Loaded loaded =
            new GoldenModel(golden.name(), merged, golden.tensors()).load(engine)) {
      float[][] expected = logits(loaded.model(), List.of(List.of())).getFirst();
      assertSame(alone, expected, "alone");
      assertSame(beside, expected, "beside a row without");
      float largest = 0;
      for (int i = 0; i < expected[0].length; i++) {
        largest = Math.max(largest, Math.abs(expected[0][i] - base[0][i]));
      }
      assertThat(largest).as("effect of the adapter").isGreaterThan(0.1f);
    }
  }

  private static void assertSame(float[][] actual, float[][] expected, String what) {
    for (int row = 0; row < expected.length; row++) {
      assertThat(actual[row])
          .as("%s, row %d", what, row)
          .containsExactly(expected[row], within(TOLERANCE));
    }
  }

  /** The logits of the same tokens with each of these adapters, computed in one batch. */
  private static List<float[][]> logits(LanguageModel model, List<List<AdapterUse>> uses) {
    List<KvLease> leases = uses.stream().map(use -> model.kvPool().lease()).toList();
    try {
      List<Sequence> sequences = new ArrayList<>();
      int[] tokens = new int[TOKENS.length * uses.size()];
      for (int i = 0; i < uses.size(); i++) {
        sequences.add(new Sequence(TOKENS.length, leases.get(i), Logits.ALL, uses.get(i)));
        System.arraycopy(TOKENS, 0, tokens, i * TOKENS.length, TOKENS.length);
      }
      StepOutput output = new StepOutput();
      model.step(new StepBatch(tokens, sequences), output);
      List<float[][]> result = new ArrayList<>();
      for (int i = 0; i < uses.size(); i++) {
        float[][] rows = new float[TOKENS.length][];
        for (int row = 0; row < rows.length; row++) {
          rows[row] = output.logits(i * TOKENS.length + row).clone();
        }
        result.add(rows);
      }
      return result;
    } finally {
      leases.forEach(KvLease::close);
    }
  }
}
