package dev.wick.lora.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.formats.SafetensorsWeights;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeftAdapterTest {
  private static final String Q = "base_model.model.model.layers.0.self_attn.q_proj";

  @TempDir private Path folder;

  private final Random random = new Random(7);

  @Test
  void open_savedAdapter_hasTheSameNumbers() throws IOException {
    Map<String, LowRank> deltas = new LinkedHashMap<>();
    deltas.put(
        "model.layers.0.self_attn.q_proj",
        new LowRank(tensor(2, 6), tensor(4, 2), 2, Optional.of(tensor(4)), Optional.empty()));
    PeftConfig config =
        PeftConfig.builder(2, 4)
            .useDora(true)
            .targetModules("q_proj")
            .modulesToSave(List.of("lm_head"))
            .build();
    PeftAdapter made =
        PeftAdapter.of("made", config, deltas, Map.of("lm_head.weight", tensor(9, 6)));
    made.save(folder);

    try (PeftAdapter read = PeftAdapter.open("read", folder)) {
      LowRank delta = read.deltas().get("model.layers.0.self_attn.q_proj");
      LowRank original = made.deltas().get("model.layers.0.self_attn.q_proj");
      assertThat(delta.scale()).isEqualTo(2);
      assertThat(delta.a().toFloatArray()).isEqualTo(original.a().toFloatArray());
      assertThat(delta.b().toFloatArray()).isEqualTo(original.b().toFloatArray());
      assertThat(delta.magnitude().orElseThrow().toFloatArray())
          .isEqualTo(original.magnitude().orElseThrow().toFloatArray());
      assertThat(read.replacements()).containsOnlyKeys("lm_head.weight");
      assertThat(read.byteSize()).isEqualTo(4 * (12 + 8 + 4 + 54));
      assertThat(read).hasToString("read@1");
    }
  }

  @Test
  void of_scaleThatTheConfigurationDenies_isRefused() {
    PeftConfig config = PeftConfig.builder(2, 4).targetModules("q_proj").build();

    assertThatThrownBy(
            () ->
                PeftAdapter.of(
                    "x",
                    config,
                    Map.of("q_proj", new LowRank(tensor(2, 6), tensor(4, 2), 1)),
                    Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("adapter: q_proj: expected scale 2.0 as the configuration says, got 1.0");
  }

  @Test
  void open_fusedExperts_areTakenApart() throws IOException {
    int experts = 3;
    int rank = 2;
    long inner = (long) rank * experts;
    HostTensor gateUpA = tensor(inner, 5);
    HostTensor gateUpB = tensor(8, inner); // gate and up of 4 rows each
    HostTensor downA = tensor(inner, 4);
    HostTensor downB = tensor(5, inner);
    String module = "base_model.model.model.layers.0.mlp.experts";
    write(
        PeftConfig.builder(rank, rank)
            .targetModules(new ModuleSelector.Names(List.of()))
            .targetParameters(List.of("mlp.experts.gate_up_proj", "mlp.experts.down_proj"))
            .build(),
        Map.of(
            module + ".base_layer.lora_A.weight", gateUpA,
            module + ".base_layer.lora_B.weight", gateUpB,
            module + ".lora_A.weight", downA,
            module + ".lora_B.weight", downB));

    try (PeftAdapter adapter = PeftAdapter.open("moe", folder)) {
      assertThat(adapter.deltas()).hasSize(3 * experts);
      for (int e = 0; e < experts; e++) {
        String expert = "model.layers.0.mlp.experts." + e;
        assertProduct(adapter.deltas().get(expert + ".gate_proj"), gateUpA, gateUpB, experts, e, 0);
        assertProduct(adapter.deltas().get(expert + ".up_proj"), gateUpA, gateUpB, experts, e, 4);
        assertProduct(adapter.deltas().get(expert + ".down_proj"), downA, downB, experts, e, 0);
      }
    }
  }

  /** PEFT: A.reshape(experts, rank, in), B.reshape(out, rank, experts), "o r e, e r i -> e o i". */
  private static void assertProduct(
      LowRank delta, HostTensor a, HostTensor b, int experts, int expert, int firstRow) {
    int in = Math.toIntExact(a.shape().extent(1));
    int rank = Math.toIntExact(a.shape().extent(0)) / experts;
    float[] allA = a.toFloatArray();
    float[] allB = b.toFloatArray();
    float[] itsA = delta.a().toFloatArray();
    float[] itsB = delta.b().toFloatArray();
    for (int o = 0; o < delta.out(); o++) {
      for (int i = 0; i < in; i++) {
        float expected = 0;
        float actual = 0;
        for (int r = 0; r < rank; r++) {
          expected +=
              allB[((firstRow + o) * rank + r) * experts + expert]
                  * allA[(expert * rank + r) * in + i];
          actual += itsB[o * rank + r] * itsA[r * in + i];
        }
        assertThat(actual).isEqualTo(expected);
      }
    }
  }

  @Test
  void open_tensorOfUntargetedModule_isRefused() throws IOException {
    write(
        PeftConfig.builder(2, 2).targetModules("v_proj").build(),
        Map.of(Q + ".lora_A.weight", tensor(2, 6), Q + ".lora_B.weight", tensor(4, 2)));

    assertRefused("expected tensors of modules that target_modules selects");
  }

  @Test
  void open_rankOfAnother_namesBothShapes() throws IOException {
    write(
        PeftConfig.builder(4, 2).targetModules("q_proj").build(),
        Map.of(Q + ".lora_A.weight", tensor(2, 6), Q + ".lora_B.weight", tensor(4, 2)));

    assertRefused(
        Q + ".lora_A.weight: expected A [4, in] as r or rank_pattern says, got F32[2, 6]");
  }

  @Test
  void open_infinity_isRefused() throws IOException {
    float[] values = new float[13];
    values[12] = Float.NEGATIVE_INFINITY;
    write(
        PeftConfig.builder(1, 2).targetModules("q_proj").build(),
        Map.of(
            Q + ".lora_A.weight",
            HostTensor.of(values, 1, 13),
            Q + ".lora_B.weight",
            tensor(4, 1)));

    assertRefused("expected finite numbers, got NaN or infinity");
  }

  @Test
  void open_unknownTensors_areRefused() throws IOException {
    PeftConfig config = PeftConfig.builder(2, 2).targetModules("q_proj").build();
    for (String name :
        List.of("other.weight", Q + ".bias", Q + ".lora_C.weight", Q + ".lora_A.default.weight")) {
      Map<String, HostTensor> tensors = new LinkedHashMap<>();
      tensors.put(Q + ".lora_A.weight", tensor(2, 6));
      tensors.put(Q + ".lora_B.weight", tensor(4, 2));
      tensors.put(name, tensor(3));
      write(config, tensors);

      assertRefused(name);
    }
  }

  @Test
  void open_pickle_saysWhatToDo() throws IOException {
    PeftConfig.builder(2, 2).build().write(folder.resolve(PeftConfig.FILE_NAME));
    Files.writeString(folder.resolve("adapter_model.bin"), "x");

    assertThatThrownBy(() -> PeftAdapter.open("x", folder))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("not read because it can run code")
        .hasMessageContaining("save the adapter with a current PEFT");
  }

  @Test
  void open_againstAnotherBase_namesTensorsWithBothShapes() throws IOException {
    write(
        PeftConfig.builder(2, 2).targetModules("q_proj").build(),
        Map.of(Q + ".lora_A.weight", tensor(2, 6), Q + ".lora_B.weight", tensor(4, 2)));
    Path base = folder.resolve("model.safetensors");
    new SafetensorsWriter()
        .add("model.layers.0.self_attn.q_proj.weight", new float[28], 4, 7)
        .add("model.layers.1.self_attn.q_proj.weight", new float[28], 4, 7)
        .write(base);

    try (SafetensorsWeights weights = SafetensorsWeights.open(base)) {
      assertThatThrownBy(() -> PeftAdapter.open("x", folder, new BaseWeights("base", weights)))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining(folder.toString())
          .hasMessageContaining("expected A [2, 7] and B [4, 2], got A F32[2, 6] and B F32[4, 2]");
    }
    new SafetensorsWriter()
        .add("model.layers.0.self_attn.q_proj.weight", new float[24], 4, 6)
        .add("model.layers.1.self_attn.q_proj.weight", new float[24], 4, 6)
        .write(base);
    try (SafetensorsWeights weights = SafetensorsWeights.open(base)) {
      assertThatThrownBy(() -> PeftAdapter.open("x", folder, new BaseWeights("base", weights)))
          .hasMessageContaining(
              "layers.1.self_attn.q_proj: expected lora_A [r, 6] and lora_B [4, r]");
    }
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> PeftAdapter.open("x", folder))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(folder.resolve("adapter_model.safetensors").toString())
        .hasMessageContaining(message);
  }

  private void write(PeftConfig config, Map<String, HostTensor> tensors) throws IOException {
    config.write(folder.resolve(PeftConfig.FILE_NAME));
    SafetensorsWriter writer = new SafetensorsWriter();
    tensors.forEach((name, tensor) -> writer.add(name, tensor.spec(), tensor.data()));
    writer.write(folder.resolve("adapter_model.safetensors"));
  }

  private HostTensor tensor(long... extents) {
    HostTensor tensor = TestAdapters.random(random, extents);
    assertThat(tensor.spec().dtype()).isEqualTo(DType.F32);
    return tensor;
  }
}
