package dev.wick.lora.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.SafetensorsWeights;
import dev.wick.formats.safetensors.SafetensorsWriter;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.peft.TestAdapters;
import dev.wick.lora.tensor.FlatPart;
import dev.wick.lora.tensor.Rounding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tied model in two shards, half of it in BF16, with experts in one tensor. */
class MergedModelTest {
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String Q = "model.layers.0.self_attn.q_proj";
  private static final String GATE_UP = "model.layers.0.mlp.experts.gate_up_proj";

  @TempDir private Path folder;

  private final Random random = new Random(11);
  private final HostTensor embedding = tensor(7, 3);
  private final HostTensor q = Rounding.tensor(tensor(5, 3).toFloatArray(), DType.BF16, 5, 3);
  private final HostTensor bias = tensor(5);
  private final HostTensor gateUp = tensor(2, 8, 3); // experts of 4 rows gate and 4 rows up
  private Path base = Path.of("");

  @BeforeEach
  void writeBase() throws IOException {
    base = Files.createDirectories(folder.resolve("base"));
    Files.writeString(
        base.resolve("config.json"),
        "{\"model_type\": \"x\", \"tie_word_embeddings\": true, \"dtype\": \"bfloat16\"}");
    Files.writeString(base.resolve("tokenizer.json"), "{}");
    Files.writeString(
        base.resolve("model.safetensors.index.json"),
        """
        {"metadata": {"total_size": 1}, "weight_map": {
         "%s": "model-1.safetensors", "%s.weight": "model-1.safetensors",
         "%s.bias": "model-2.safetensors", "%s": "model-2.safetensors"}}
        """
            .formatted(EMBEDDING, Q, Q, GATE_UP));
    write("model-1.safetensors", Map.of(EMBEDDING, embedding, Q + ".weight", q));
    write("model-2.safetensors", Map.of(Q + ".bias", bias, GATE_UP, gateUp));
  }

  @Test
  void write_untouchedTensors_areCopiedBitForBit() throws IOException {
    LowRank delta = delta(5, 3);

    Path out = merge(MergeOptions.DEFAULT, 1, Map.of(Q, delta), Map.of());

    try (Checkpoint merged = Checkpoint.open(out);
        Checkpoint original = Checkpoint.open(base)) {
      assertThat(((SafetensorsWeights) merged.weights()).headers()).hasSize(2);
      assertThat(merged.weights().names()).isEqualTo(original.weights().names());
      assertThat(merged.config()).isEqualTo(original.config());
      assertThat(out.resolve("tokenizer.json")).exists();
      for (String name : List.of(EMBEDDING, GATE_UP, Q + ".bias")) {
        assertThat(merged.weights().data(name).mismatch(original.weights().data(name)))
            .isEqualTo(-1);
      }
      assertThat(merged.weights().find(Q + ".weight")).contains(q.spec());
      float[] expected = sum(q, delta, 1);
      float[] actual = floats(merged, Q + ".weight");
      for (int i = 0; i < expected.length; i++) {
        // BF16 keeps eight bits, half a step of which rounding may take.
        assertThat(actual[i]).isCloseTo(expected[i], within(Math.abs(expected[i]) / 256));
      }
    }
  }

  @Test
  void write_expertOfAFusedTensor_changesItsRowsOnly() throws IOException {
    LowRank delta = delta(4, 3);

    Path out =
        merge(
            MergeOptions.WIDENED,
            0.5f,
            Map.of("model.layers.0.mlp.experts.1.up_proj", delta),
            Map.of());

    try (Checkpoint merged = Checkpoint.open(out)) {
      float[] actual = floats(merged, GATE_UP);
      float[] expected = gateUp.toFloatArray();
      float[] part = sum(FlatPart.of(gateUp, 36, 12), delta, 0.5f);
      System.arraycopy(part, 0, expected, 36, 12); // expert 1 begins at 24, its up rows at 36
      assertThat(actual).containsExactly(expected);
      assertThat(merged.weights().find(Q + ".weight").orElseThrow().dtype()).isEqualTo(DType.F32);
      assertThat(merged.config()).containsEntry("dtype", "float32");
    }
  }

  @Test
  void write_embeddingOfATiedModel_leavesTheOutputLayerAsItWas() throws IOException {
    LowRank delta = new LowRank(tensor(2, 7), tensor(3, 2), 1);

    Path out = merge(MergeOptions.DEFAULT, 1, Map.of("model.embed_tokens", delta), Map.of());

    try (Checkpoint merged = Checkpoint.open(out)) {
      assertThat(merged.config()).containsEntry("tie_word_embeddings", false);
      assertThat(floats(merged, "lm_head.weight")).containsExactly(embedding.toFloatArray());
      float[] a = delta.a().toFloatArray();
      float[] b = delta.b().toFloatArray();
      float[] actual = floats(merged, EMBEDDING);
      for (int token = 0; token < 7; token++) {
        for (int k = 0; k < 3; k++) {
          float expected =
              embedding.toFloatArray()[token * 3 + k]
                  + a[token] * b[k * 2]
                  + a[7 + token] * b[k * 2 + 1];
          assertThat(actual[token * 3 + k]).isCloseTo(expected, within(1e-6f));
        }
      }
    }
  }

  @Test
  void write_outputLayerOfATiedModel_becomesATensorOfItsOwn() throws IOException {
    HostTensor head = tensor(7, 3);

    Path out = merge(MergeOptions.DEFAULT, 1, Map.of(), Map.of("lm_head.weight", head));

    try (Checkpoint merged = Checkpoint.open(out)) {
      assertThat(floats(merged, "lm_head.weight")).containsExactly(head.toFloatArray());
      assertThat(floats(merged, EMBEDDING)).containsExactly(embedding.toFloatArray());
    }
  }

  @Test
  void write_biases_areReplacedByTheirShare() throws IOException {
    HostTensor other = tensor(5);

    Path out = merge(MergeOptions.DEFAULT, 0.25f, Map.of(), Map.of(Q + ".bias", other));

    try (Checkpoint merged = Checkpoint.open(out)) {
      float[] actual = floats(merged, Q + ".bias");
      for (int i = 0; i < 5; i++) {
        float expected = 0.75f * bias.toFloatArray()[i] + 0.25f * other.toFloatArray()[i];
        assertThat(actual[i]).isCloseTo(expected, within(1e-6f));
      }
    }
  }

  @Test
  void write_adapterOfAnotherModel_namesBothShapesAndLeavesNothing() {
    assertThatThrownBy(() -> merge(MergeOptions.DEFAULT, 1, Map.of(Q, delta(5, 4)), Map.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("BF16[5, 3]")
        .hasMessageContaining("A F32[2, 4] and B F32[5, 2]");
    assertThat(folder.resolve("merged")).doesNotExist();
  }

  @Test
  void add_ofMinusOne_takesTheChangeBack() {
    LowRank delta = delta(5, 3);
    HostTensor merged = HostTensor.of(MatrixMerge.ofLinear(q).add(delta, 1).toFloatArray(), 5, 3);

    float[] back = MatrixMerge.ofLinear(merged).add(delta, -1).toFloatArray();

    for (int i = 0; i < back.length; i++) {
      assertThat(back[i]).isCloseTo(q.toFloatArray()[i], within(1e-6f));
    }
  }

  private Path merge(
      MergeOptions options,
      float weight,
      Map<String, LowRank> deltas,
      Map<String, HostTensor> replacements)
      throws IOException {
    Path out = folder.resolve("merged");
    PeftConfig config = PeftConfig.builder(2, 2).build();
    PeftAdapter adapter = PeftAdapter.of("x", config, deltas, replacements);
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      MergedModel.write(checkpoint, List.of(new AdapterUse(adapter, weight)), out, options);
    }
    return out;
  }

  private static float[] sum(HostTensor weight, LowRank delta, float share) {
    float[] result = weight.toFloatArray();
    float[] a = delta.a().toFloatArray();
    float[] b = delta.b().toFloatArray();
    int in = Math.toIntExact(delta.in());
    for (int o = 0; o < delta.out(); o++) {
      for (int i = 0; i < in; i++) {
        result[o * in + i] += share * (b[2 * o] * a[i] + b[2 * o + 1] * a[in + i]);
      }
    }
    return result;
  }

  private static float[] floats(Checkpoint checkpoint, String name) throws IOException {
    return new HostTensor(
            checkpoint.weights().find(name).orElseThrow(), checkpoint.weights().data(name))
        .toFloatArray();
  }

  private LowRank delta(long out, long in) {
    return new LowRank(tensor(2, in), tensor(out, 2), 1);
  }

  private HostTensor tensor(long... extents) {
    return TestAdapters.random(random, extents);
  }

  private void write(String file, Map<String, HostTensor> tensors) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    tensors.forEach((name, tensor) -> writer.add(name, tensor.spec(), tensor.data()));
    writer.write(base.resolve(file));
  }
}
