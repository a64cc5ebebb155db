package dev.wick.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.gguf.GgufNames;
import dev.wick.formats.gguf.GgufVocabulary;
import dev.wick.formats.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufCheckpointTest {
  @TempDir Path folder;

  private static GgufWriter qwen2() {
    return describe(new GgufWriter().metadata("general.architecture", "qwen2"), "qwen2.")
        .metadata(GgufVocabulary.TOKENS, List.of("a", "b", "<|im_end|>", "<|endoftext|>"))
        .metadata(GgufVocabulary.TOKEN_TYPES, new int[] {1, 1, 3, 3})
        .metadata(GgufVocabulary.EOS, 2);
  }

  private static GgufWriter describe(GgufWriter writer, String prefix) {
    return writer
        .metadata(prefix + "block_count", 2)
        .metadata(prefix + "context_length", 256)
        .metadata(prefix + "embedding_length", 8)
        .metadata(prefix + "feed_forward_length", 12)
        .metadata(prefix + "attention.head_count", 2)
        .metadata(prefix + "attention.head_count_kv", 1)
        .metadata(prefix + "attention.layer_norm_rms_epsilon", 1e-6f)
        .metadata(prefix + "rope.freq_base", 1e6f);
  }

  private static void add(GgufWriter writer, String name, long... extents) {
    TensorSpec spec = TensorSpec.of(DType.F32, extents);
    float[] values = new float[Math.toIntExact(spec.shape().size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    writer.add(name, spec, MemorySegment.ofArray(values));
  }

  private Path write(GgufWriter writer) throws IOException {
    Path file = folder.resolve("model.gguf");
    writer.write(file);
    return file;
  }

  @Test
  void open_dense_saysWhatConfigJsonWouldSay() throws IOException {
    GgufWriter writer = qwen2();
    add(writer, "token_embd.weight", 4, 8);
    add(writer, "blk.0.attn_q.weight", 8, 8);
    add(writer, "blk.0.attn_q.bias", 8);
    add(writer, "extra.tensor", 1);

    try (Checkpoint checkpoint = Checkpoint.open(write(writer))) {
      assertThat(checkpoint.modelType()).isEqualTo("qwen2");
      assertThat(checkpoint.config())
          .containsAllEntriesOf(
              Map.of(
                  "hidden_size", 8,
                  "num_hidden_layers", 2,
                  "num_attention_heads", 2,
                  "num_key_value_heads", 1,
                  "head_dim", 4,
                  "vocab_size", 4,
                  "rms_norm_eps", 1e-6,
                  "rope_theta", 1e6,
                  "tie_word_embeddings", true,
                  "attention_bias", true));
      assertThat(checkpoint.generationConfig()).containsEntry("eos_token_id", List.of(2, 3));
      assertThat(checkpoint.weights().names())
          .containsExactly(
              "model.embed_tokens.weight",
              "model.layers.0.self_attn.q_proj.weight",
              "model.layers.0.self_attn.q_proj.bias",
              "extra.tensor");
    }
  }

  @Test
  void open_experts_areThereOneByOne() throws IOException {
    GgufWriter writer =
        describe(new GgufWriter().metadata("general.architecture", "qwen2moe"), "qwen2moe.")
            .metadata("qwen2moe.expert_count", 3)
            .metadata("qwen2moe.expert_used_count", 2);
    add(writer, "token_embd.weight", 4, 8);
    add(writer, "output.weight", 4, 8);
    add(writer, "blk.1.ffn_gate_inp.weight", 3, 8);
    add(writer, "blk.1.ffn_gate_exps.weight", 3, 5, 8);
    add(writer, "blk.1.ffn_gate_shexp.weight", 7, 8);
    add(writer, "blk.1.ffn_gate_inp_shexp.weight", 8);

    try (Checkpoint checkpoint = Checkpoint.open(write(writer))) {
      assertThat(checkpoint.modelType()).isEqualTo("qwen2_moe");
      assertThat(checkpoint.config())
          .containsAllEntriesOf(
              Map.of(
                  "num_experts", 3,
                  "num_experts_per_tok", 2,
                  "moe_intermediate_size", 5,
                  "shared_expert_intermediate_size", 7,
                  "norm_topk_prob", false,
                  "vocab_size", 4,
                  "mlp_only_layers", List.of(0),
                  "tie_word_embeddings", false));
      CheckpointWeights weights = checkpoint.weights();
      String last = "model.layers.1.mlp.experts.2.gate_proj.weight";
      assertThat(weights.find(last)).contains(TensorSpec.of(DType.F32, 5, 8));
      assertThat(weights.data(last).get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0)).isEqualTo(80);
      assertThat(weights.find("model.layers.1.mlp.shared_expert_gate.weight"))
          .contains(TensorSpec.of(DType.F32, 1, 8));
    }
  }

  @Test
  void open_yarn_isRopeScaling() throws IOException {
    GgufWriter writer =
        qwen2()
            .metadata("qwen2.rope.scaling.type", "yarn")
            .metadata("qwen2.rope.scaling.factor", 4f)
            .metadata("qwen2.rope.scaling.original_context_length", 64);
    add(writer, "token_embd.weight", 4, 8);

    try (Checkpoint checkpoint = Checkpoint.open(write(writer))) {
      assertThat(checkpoint.config().get("rope_scaling"))
          .isEqualTo(
              Map.of("rope_type", "yarn", "factor", 4.0, "original_max_position_embeddings", 64));
    }
  }

  @Test
  void open_ropeFactorAlone_isLinear() throws IOException {
    GgufWriter writer = qwen2().metadata("qwen2.rope.scaling.factor", 4f);
    add(writer, "token_embd.weight", 4, 8);

    try (Checkpoint checkpoint = Checkpoint.open(write(writer))) {
      assertThat(checkpoint.config().get("rope_scaling"))
          .isEqualTo(Map.of("rope_type", "linear", "factor", 4.0));
    }
  }

  @Test
  void open_biasNotInTheFirstLayer_isSeen() throws IOException {
    GgufWriter writer = qwen2();
    add(writer, "token_embd.weight", 4, 8);
    add(writer, "blk.0.attn_k.bias", 4);
    add(writer, "blk.1.attn_q.bias", 8);

    try (Checkpoint checkpoint = Checkpoint.open(write(writer))) {
      assertThat(checkpoint.config()).containsEntry("attention_bias", true);
    }
  }

  @Test
  void open_moreLayersOrExpertsThanDeclared_namesTheKey() throws IOException {
    GgufWriter dense = qwen2();
    add(dense, "token_embd.weight", 4, 8);
    add(dense, "blk.2.ffn_norm.weight", 8);
    Path file = write(dense);
    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            file
                + ": metadata qwen2.block_count: expected more than 2, as there is"
                + " model.layers.2.post_attention_layernorm.weight, got 2");

    GgufWriter sparse =
        describe(new GgufWriter().metadata("general.architecture", "qwen3moe"), "qwen3moe.")
            .metadata("qwen3moe.expert_count", 2)
            .metadata("qwen3moe.expert_used_count", 1);
    add(sparse, "token_embd.weight", 4, 8);
    add(sparse, "blk.0.ffn_up_exps.weight", 3, 5, 8);
    Path experts = write(sparse);
    assertThatThrownBy(() -> Checkpoint.open(experts))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("metadata qwen3moe.expert_count: expected more than 2")
        .hasMessageEndingWith("got 2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "blk.0.attn_qkv.weight",
        "blk.0.attn_q_norm.weight",
        "blk.0.ffn_up.bias",
        "blk.0.attn_output.bias",
        "blk.0.ffn_gate_inp.weight",
        "output.bias",
        "rope_freqs.weight",
        "model.layers.99999999999999999999.mlp.up_proj.weight"
      })
  void open_tensorThatIsNotComputedWith_isRefused(String name) throws IOException {
    GgufWriter writer = qwen2();
    add(writer, "token_embd.weight", 4, 8);
    add(writer, name, 8);
    Path file = write(writer);
    String seen = GgufNames.toHuggingFace(name).orElse(name);

    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "%s: expected the tensors of a qwen2 model, got '%s', which it does not compute with"
                .formatted(file, seen));
  }

  @Test
  void open_missingOrWrongValue_namesTheKey() throws IOException {
    Path missing = write(new GgufWriter().metadata("general.architecture", "qwen3"));
    assertThatThrownBy(() -> Checkpoint.open(missing))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            missing
                + ": metadata qwen3.embedding_length: expected a whole number of at least 1, got"
                + " nothing");
    Path wrong = write(new GgufWriter().metadata("general.architecture", 7));
    assertThatThrownBy(() -> Checkpoint.open(wrong))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("metadata general.architecture: expected a text, got 7");
  }

  @Test
  void open_otherArchitecture_keepsItsName() throws IOException {
    try (Checkpoint checkpoint =
        Checkpoint.open(write(new GgufWriter().metadata("general.architecture", "mamba")))) {
      assertThat(checkpoint.modelType()).isEqualTo("mamba");
    }
  }

  @Test
  void open_split_isOneModel() throws IOException {
    Path first = folder.resolve("m-00001-of-00002.gguf");
    Path second = folder.resolve("m-00002-of-00002.gguf");
    GgufWriter one =
        qwen2()
            .metadata("split.no", 0)
            .metadata("split.count", 2)
            .metadata("split.tensors.count", 2);
    add(one, "token_embd.weight", 4, 8);
    one.write(first);

    assertThatThrownBy(() -> Checkpoint.open(first))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("1 of 2 parts are missing, m-00002-of-00002.gguf");

    GgufWriter two = new GgufWriter().metadata("split.no", 1).metadata("split.count", 2);
    add(two, "output_norm.weight", 8);
    two.write(second);
    try (Checkpoint checkpoint = Checkpoint.open(second)) {
      assertThat(checkpoint.weights().names())
          .containsExactly("model.embed_tokens.weight", "model.norm.weight");
      assertThat(checkpoint.config()).containsEntry("hidden_size", 8);
    }

    GgufWriter wrong = new GgufWriter().metadata("split.no", 0).metadata("split.count", 2);
    add(wrong, "output_norm.weight", 8);
    wrong.write(second);
    assertThatThrownBy(() -> Checkpoint.open(first))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("m-00002-of-00002.gguf: metadata split.no: expected 1");

    GgufWriter again = new GgufWriter().metadata("split.no", 1).metadata("split.count", 2);
    add(again, "token_embd.weight", 4, 8);
    again.write(second);
    assertThatThrownBy(() -> Checkpoint.open(first))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tensor 'token_embd.weight' is there twice");
  }

  @Test
  void data_afterClose_isRefused() throws IOException {
    GgufWriter writer = qwen2();
    add(writer, "token_embd.weight", 4, 8);
    Checkpoint checkpoint = Checkpoint.open(write(writer));
    checkpoint.prefetch(progress -> {});
    checkpoint.close();

    assertThatThrownBy(() -> checkpoint.weights().data("model.embed_tokens.weight"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("model.gguf are closed");
    assertThatThrownBy(() -> checkpoint.weights().data("other"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("there is no tensor 'other'");
  }
}
