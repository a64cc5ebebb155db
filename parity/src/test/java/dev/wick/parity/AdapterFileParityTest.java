package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import dev.wick.formats.safetensors.SafetensorsHeader;
import dev.wick.lora.merge.MatrixMerge;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every adapter of the reference data is read, merged, and written back unchanged. */
class AdapterFileParityTest {
  private static final String MERGED = "merged_weight.";
  private static final String WEIGHT = ".weight";

  /** Weights are near 0.1; a few roundings of F32. */
  private static final float WEIGHT_TOLERANCE = 1e-6f;

  @TempDir Path temporary;

  @TestFactory
  List<DynamicTest> adapters() {
    CaseCount cases = new CaseCount("adapter files");
    List<GoldenAdapter> adapters = GoldenAdapter.all();
    for (GoldenAdapter golden : adapters) {
      cases.add(golden.name() + " merged weight", () -> mergedWeight(golden));
      cases.add(golden.name() + " round trip", () -> roundTrip(golden));
    }
    return cases.tests(2 * adapters.size());
  }

  private static void mergedWeight(GoldenAdapter golden) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(golden.base().folder());
        PeftAdapter adapter = golden.open(checkpoint);
        GoldenTensors expected = golden.expected()) {
      BaseWeights base = new BaseWeights(checkpoint.location(), checkpoint.weights());
      List<String> merged =
          expected.names().stream().filter(name -> name.startsWith(MERGED)).toList();
      assertThat(merged).isNotEmpty();
      for (String name : merged) {
        String parameter = name.substring(MERGED.length());
        HostTensor replacement = adapter.replacements().get(parameter);
        HostTensor weight =
            replacement == null ? base.tensor(parameter).orElseThrow() : replacement;
        String module = parameter.substring(0, parameter.length() - WEIGHT.length());
        MatrixMerge merge =
            module.endsWith("embed_tokens")
                ? MatrixMerge.ofEmbedding(weight)
                : MatrixMerge.ofLinear(weight);
        LowRank delta = adapter.deltas().get(module);
        if (delta != null) {
          merge.add(delta, 1);
        }
        Compare.close(
            merge.toFloatArray(), expected.floats(name), WEIGHT_TOLERANCE, golden.name() + name);
      }
    }
  }

  private void roundTrip(GoldenAdapter golden) throws IOException {
    Path folder = temporary.resolve(golden.name());
    try (PeftAdapter adapter = PeftAdapter.open("x", golden.folder())) {
      adapter.save(folder);

      try (PeftAdapter again = PeftAdapter.open("x", folder)) {
        assertThat(again.config()).isEqualTo(adapter.config());
        assertThat(again.deltas().keySet()).isEqualTo(adapter.deltas().keySet());
      }
    }
    String weights = "adapter_model.safetensors";
    try (MappedFile<SafetensorsHeader> before =
            SafetensorsFile.open(golden.folder().resolve(weights));
        MappedFile<SafetensorsHeader> after = SafetensorsFile.open(folder.resolve(weights))) {
      assertThat(after.names()).containsExactlyElementsOf(before.names());
      for (String name : before.names()) {
        assertThat(after.find(name)).isEqualTo(before.find(name));
        assertThat(after.data(name).mismatch(before.data(name))).as(name).isEqualTo(-1);
      }
      assertThat(after.header().metadata()).isEqualTo(before.header().metadata());
    }
    assertThat(Goldens.json(folder.resolve(PeftConfig.FILE_NAME)))
        .isEqualTo(Goldens.json(golden.folder().resolve(PeftConfig.FILE_NAME)));
    assertThat(folder.toFile().list()).hasSize(2);
  }
}
