package dev.wick.formats.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.gguf.GgufHeader;
import dev.wick.formats.gguf.GgufMetadata;
import dev.wick.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizedModelTest {
  @TempDir Path folder;

  private final Random random = new Random(7);

  private Checkpoint dense(boolean tied, int intermediate) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "qwen3", "hidden_size": 256, "num_hidden_layers": 8, "vocab_size": 40,
         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
         "intermediate_size": %d, "tie_word_embeddings": %s, "rms_norm_eps": 1e-06,
         "rope_theta": 1000000.0, "max_position_embeddings": 128}
        """
            .formatted(intermediate, tied));
    SafetensorsWriter writer = new SafetensorsWriter();
    add(writer, "model.embed_tokens.weight", 40, 256);
    if (!tied) {
      add(writer, "lm_head.weight", 40, 256);
    }
    for (int layer = 0; layer < 8; layer++) {
      String prefix = "model.layers." + layer + ".";
      add(writer, prefix + "input_layernorm.weight", 256);
      add(writer, prefix + "self_attn.q_norm.weight", 64);
      add(writer, prefix + "self_attn.v_proj.weight", 128, 256);
      add(writer, prefix + "mlp.up_proj.weight", intermediate, 256);
      add(writer, prefix + "mlp.down_proj.weight", 256, intermediate);
    }
    writer.write(folder.resolve("model.safetensors"));
    return Checkpoint.open(folder);
  }

  private void add(SafetensorsWriter writer, String name, long... extents) {
    float[] values = new float[Math.toIntExact(Shape.of(extents).size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    writer.add(name, values, extents);
  }

  private static DType type(QuantizedModel model, String name) {
    return model.tensors().stream()
        .filter(tensor -> tensor.name().equals(name))
        .findFirst()
        .orElseThrow()
        .spec()
        .dtype();
  }

  @Test
  void of_q4k_givesSomeMatricesMoreBitsAsLlamaCppDoes() throws IOException {
    try (Checkpoint checkpoint = dense(false, 512)) {
      QuantizedModel model = QuantizedModel.of(checkpoint, GgufFileType.of("q4_k"));

      assertThat(type(model, "token_embd.weight")).isEqualTo(DType.Q4_K);
      assertThat(type(model, "output.weight")).isEqualTo(DType.Q6_K);
      assertThat(type(model, "blk.0.attn_norm.weight")).isEqualTo(DType.F32);
      assertThat(type(model, "blk.0.ffn_up.weight")).isEqualTo(DType.Q4_K);
      // use_more_bits: the first and the last eighth, and every third between
      assertThat(
              model.tensors().stream()
                  .filter(tensor -> tensor.name().endsWith("ffn_down.weight"))
                  .map(tensor -> tensor.spec().dtype()))
          .containsExactly(
              DType.Q6_K,
              DType.Q4_K,
              DType.Q4_K,
              DType.Q6_K,
              DType.Q4_K,
              DType.Q4_K,
              DType.Q6_K,
              DType.Q6_K);
      assertThat(model.wider()).isEmpty();
      assertThat(model.tensors().getFirst().name()).isEqualTo("output.weight");
    }
  }

  @Test
  void of_tied_givesTheEmbeddingTheTypeOfTheOutput() throws IOException {
    try (Checkpoint checkpoint = dense(true, 512)) {
      assertThat(type(QuantizedModel.of(checkpoint, GgufFileType.Q4_0), "token_embd.weight"))
          .isEqualTo(DType.Q6_K);
      assertThat(type(QuantizedModel.of(checkpoint, GgufFileType.Q8_0), "token_embd.weight"))
          .isEqualTo(DType.Q8_0);
      assertThat(type(QuantizedModel.of(checkpoint, GgufFileType.BF16), "token_embd.weight"))
          .isEqualTo(DType.BF16);
    }
  }

  @Test
  void of_widthOfNoWholeBlocks_keepsAWiderType() throws IOException {
    try (Checkpoint checkpoint = dense(false, 96)) {
      QuantizedModel model = QuantizedModel.of(checkpoint, GgufFileType.Q4_K_M);

      assertThat(type(model, "blk.1.ffn_down.weight")).isEqualTo(DType.Q5_0);
      assertThat(type(model, "blk.0.ffn_down.weight")).isEqualTo(DType.Q8_0);
      assertThat(model.wider()).hasSize(8);
    }
    try (Checkpoint checkpoint = dense(false, 40)) {
      QuantizedModel model = QuantizedModel.of(checkpoint, GgufFileType.Q4_0);

      assertThat(type(model, "blk.1.ffn_down.weight")).isEqualTo(DType.F16);
      assertThat(type(model, "blk.1.ffn_up.weight")).isEqualTo(DType.Q4_0);
    }
  }

  @Test
  void write_thenOpen_isTheSameModelInFewerBits() throws IOException {
    Path file = folder.resolve("model-q8_0.gguf");
    try (Checkpoint checkpoint = dense(false, 512)) {
      long[] written = new long[1];
      QuantizedModel model = QuantizedModel.of(checkpoint, GgufFileType.Q8_0);

      model.write(file, writer -> writer.metadata("made.by", "test"), done -> written[0] = done);

      assertThat(written[0]).isEqualTo(model.byteSize());
      try (Checkpoint quantized = Checkpoint.open(file)) {
        GgufMetadata metadata = GgufHeader.read(file).metadata();
        assertThat(metadata.text("made.by")).contains("test");
        assertThat(metadata.integer("general.file_type", 0)).contains(7);
        assertThat(metadata.integer("general.quantization_version", 0)).contains(2);
        assertThat(quantized.modelType()).isEqualTo("qwen3");
        assertThat(quantized.config()).containsEntry("head_dim", 64);
        assertThat(quantized.weights().names())
            .containsExactlyInAnyOrderElementsOf(checkpoint.weights().names());
        for (String name : checkpoint.weights().names()) {
          float[] original = floats(checkpoint, name);
          float[] actual = floats(quantized, name);
          assertThat(actual).hasSameSizeAs(original);
          for (int i = 0; i < original.length; i++) {
            assertThat(Math.abs(actual[i] - original[i])).as(name).isLessThan(0.03f);
          }
        }
      }
    }
  }

  private static float[] floats(Checkpoint checkpoint, String name) throws IOException {
    TensorSpec spec = checkpoint.weights().find(name).orElseThrow();
    return new HostTensor(spec, checkpoint.weights().data(name)).toFloatArray();
  }

  @Test
  void write_experts_packsThem() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "qwen3_moe", "hidden_size": 64, "num_hidden_layers": 1, "vocab_size": 40,
         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
         "intermediate_size": 96, "moe_intermediate_size": 32, "num_experts": 3,
         "num_experts_per_tok": 2, "norm_topk_prob": true, "rms_norm_eps": 1e-06}
        """);
    SafetensorsWriter writer = new SafetensorsWriter();
    add(writer, "model.embed_tokens.weight", 40, 64);
    add(writer, "lm_head.weight", 40, 64);
    add(writer, "model.layers.0.mlp.gate.weight", 3, 64);
    for (int expert = 0; expert < 3; expert++) {
      add(writer, "model.layers.0.mlp.experts." + expert + ".down_proj.weight", 64, 32);
    }
    writer.write(folder.resolve("model.safetensors"));
    Path file = folder.resolve("moe.gguf");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      QuantizedModel.of(checkpoint, GgufFileType.Q8_0).write(file, any -> {}, done -> {});

      GgufHeader header = GgufHeader.read(file);
      assertThat(header.entries().get("blk.0.ffn_down_exps.weight").spec())
          .isEqualTo(TensorSpec.of(DType.Q8_0, 3, 64, 32));
      assertThat(header.entries().get("blk.0.ffn_gate_inp.weight").spec().dtype())
          .isEqualTo(DType.F32);
      try (Checkpoint quantized = Checkpoint.open(file)) {
        assertThat(quantized.weights().names())
            .containsExactlyInAnyOrderElementsOf(checkpoint.weights().names());
        assertThat(quantized.config()).containsEntry("norm_topk_prob", true);
      }
    }
  }

  @Test
  void of_whatGgufHasNoPlaceFor_isRefused() throws IOException {
    Path file = folder.resolve("model.gguf");
    try (Checkpoint checkpoint = dense(false, 512)) {
      QuantizedModel.of(checkpoint, GgufFileType.Q8_0).write(file, any -> {}, done -> {});
    }
    try (Checkpoint gguf = Checkpoint.open(file)) {
      assertThatThrownBy(() -> QuantizedModel.of(gguf, GgufFileType.Q4_0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("expected a model folder to quantize, got a GGUF file");
    }
    SafetensorsWriter writer = new SafetensorsWriter();
    add(writer, "model.layers.0.mlp.unheard_of.weight", 4, 4);
    writer.write(folder.resolve("model.safetensors"));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThatThrownBy(() -> QuantizedModel.of(checkpoint, GgufFileType.Q4_0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("unheard_of.weight: GGUF has no name for this tensor");
    }
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"llama\"}");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThatThrownBy(() -> QuantizedModel.of(checkpoint, GgufFileType.Q4_0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("expected a model_type in [qwen2, qwen2_moe, qwen3, qwen3_moe]");
    }
    assertThatThrownBy(() -> GgufFileType.of("q3_x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("q4_k_m, q5_k_s")
        .hasMessageEndingWith("got 'q3_x'");
  }
}
