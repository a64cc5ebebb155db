package dev.wick.lora.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.peft.TestAdapters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufAdapterTest {
  @TempDir private Path folder;

  private final Random random = new Random(3);

  @Test
  void write_adapter_hasLlamaCppsNamesAndScale() throws IOException {
    PeftConfig config =
        PeftConfig.builder(2, 8)
            .targetModules("q_proj", "embed_tokens", "gate_proj")
            .rankPattern(Map.of("embed_tokens", 1))
            .build();
    LowRank q = new LowRank(tensor(2, 3), tensor(5, 2), 4);
    LowRank embedding = new LowRank(tensor(1, 7), tensor(3, 1), 8);
    LowRank expert0 = new LowRank(tensor(2, 3), tensor(4, 2), 4);
    LowRank expert1 = new LowRank(tensor(2, 3), tensor(4, 2), 4);
    Map<String, LowRank> deltas = new LinkedHashMap<>();
    deltas.put("model.layers.12.self_attn.q_proj", q);
    deltas.put("model.embed_tokens", embedding);
    deltas.put("model.layers.0.mlp.experts.1.gate_proj", expert1);
    deltas.put("model.layers.0.mlp.experts.0.gate_proj", expert0);
    Path file = folder.resolve("adapter.gguf");

    GgufAdapter.write(PeftAdapter.of("x", config, deltas, Map.of()), "qwen3_moe", file);

    Gguf gguf = new Gguf(Files.readAllBytes(file));
    assertThat(gguf.metadata)
        .containsEntry("general.architecture", "qwen3moe")
        .containsEntry("general.type", "adapter")
        .containsEntry("adapter.type", "lora")
        .containsEntry("adapter.lora.alpha", 8f);
    assertThat(gguf.shapes)
        .containsEntry("blk.12.attn_q.weight.lora_a", List.of(3L, 2L))
        .containsEntry("blk.12.attn_q.weight.lora_b", List.of(2L, 5L))
        .containsEntry("token_embd.weight.lora_a", List.of(1L, 7L))
        .containsEntry("blk.0.ffn_gate_exps.weight.lora_a", List.of(3L, 2L, 2L));
    assertThat(gguf.floats("blk.12.attn_q.weight.lora_a")).isEqualTo(q.a().toFloatArray());
    assertThat(gguf.floats("blk.12.attn_q.weight.lora_b")).isEqualTo(q.b().toFloatArray());
    assertThat(gguf.floats("token_embd.weight.lora_a")).isEqualTo(embedding.a().toFloatArray());
    float[] experts = gguf.floats("blk.0.ffn_gate_exps.weight.lora_b");
    assertThat(experts).startsWith(expert0.b().toFloatArray()).endsWith(expert1.b().toFloatArray());
  }

  @Test
  void write_otherScale_goesIntoB() throws IOException {
    PeftConfig config = PeftConfig.builder(4, 8).useRslora(true).targetModules("q_proj").build();
    LowRank q = new LowRank(tensor(4, 3), tensor(5, 4), 4); // 8 / sqrt(4), there it is 8 / 4
    Path file = folder.resolve("adapter.gguf");

    GgufAdapter.write(
        PeftAdapter.of("x", config, Map.of("model.layers.0.self_attn.q_proj", q), Map.of()),
        "qwen3",
        file);

    float[] b = new Gguf(Files.readAllBytes(file)).floats("blk.0.attn_q.weight.lora_b");
    assertThat(b[7]).isEqualTo(2 * q.b().toFloatArray()[7]);
  }

  @Test
  void write_replacement_isRefused() {
    PeftConfig config = PeftConfig.builder(2, 2).modulesToSave(List.of("lm_head")).build();
    PeftAdapter adapter =
        PeftAdapter.of("x", config, Map.of(), Map.of("lm_head.weight", tensor(2, 2)));

    assertThatThrownBy(() -> GgufAdapter.write(adapter, "qwen3", folder.resolve("x.gguf")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected no replaced parameters, got lm_head.weight");
    assertThat(folder).isEmptyDirectory();
  }

  private HostTensor tensor(long... extents) {
    return TestAdapters.random(random, extents);
  }

  /** A reader of what the test wrote, by the format's description. */
  private static final class Gguf {
    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final Map<String, List<Long>> shapes = new LinkedHashMap<>();
    private final Map<String, Long> offsets = new LinkedHashMap<>();
    private final ByteBuffer bytes;
    private final int data;

    Gguf(byte[] content) {
      bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(bytes.getInt()).isEqualTo(0x46554747);
      assertThat(bytes.getInt()).isEqualTo(3);
      long tensors = bytes.getLong();
      long keys = bytes.getLong();
      for (long i = 0; i < keys; i++) {
        String key = string();
        int type = bytes.getInt();
        metadata.put(key, type == 8 ? string() : (Object) bytes.getFloat());
      }
      for (long i = 0; i < tensors; i++) {
        String name = string();
        Long[] shape = new Long[bytes.getInt()];
        for (int axis = 0; axis < shape.length; axis++) {
          shape[axis] = bytes.getLong();
        }
        shapes.put(name, List.of(shape));
        assertThat(bytes.getInt()).isZero(); // F32
        offsets.put(name, bytes.getLong());
      }
      data = Math.ceilDiv(bytes.position(), 32) * 32;
      assertThat(offsets.values()).allMatch(offset -> offset % 32 == 0);
    }

    private String string() {
      byte[] text = new byte[Math.toIntExact(bytes.getLong())];
      bytes.get(text);
      return new String(text, StandardCharsets.UTF_8);
    }

    float[] floats(String name) {
      int size = 1;
      for (long extent : shapes.get(name)) {
        size *= Math.toIntExact(extent);
      }
      float[] values = new float[size];
      bytes
          .slice(data + Math.toIntExact(offsets.get(name)), 4 * size)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(values);
      return values;
    }
  }
}
