package dev.wick.examples.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.wick.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/** A model folder of Qwen3's architecture with random weights: what training starts from. */
final class SeedModel {
  private static final int HIDDEN = 192;
  private static final int INTERMEDIATE = 512;
  private static final int LAYERS = 6;
  private static final int HEADS = 6;
  private static final int KEY_VALUE_HEADS = 2;
  private static final int HEAD_DIM = 32;
  private static final double INITIALIZER_RANGE = 0.02;

  private static final String CHAT_TEMPLATE =
      """
      {%- for message in messages %}
      {{- '<|im_start|>' + message.role + '\\n' }}
      {%- if message.role == 'assistant' %}
      {%- generation %}
      {{- message.content + '<|im_end|>' }}
      {%- endgeneration %}
      {{- '\\n' }}
      {%- else %}
      {{- message.content + '<|im_end|>\\n' }}
      {%- endif %}
      {%- endfor %}
      {%- if add_generation_prompt %}
      {{- '<|im_start|>assistant\\n' }}
      {%- endif %}
      """;

  private final SplittableRandom random;

  private SeedModel(long seed) {
    this.random = new SplittableRandom(seed);
  }

  static void write(Path folder, ByteLevelBpe tokenizer, long seed) throws IOException {
    Files.createDirectories(folder);
    tokenizer.save(folder.resolve("tokenizer.json"));
    ObjectMapper json = new ObjectMapper();
    json.writerWithDefaultPrettyPrinter()
        .writeValue(folder.resolve("config.json").toFile(), config(json, tokenizer));
    ObjectNode generation = json.createObjectNode();
    generation.put("bos_token_id", tokenizer.special(0));
    generation.putArray("eos_token_id").add(tokenizer.special(2)).add(tokenizer.special(0));
    generation.put("do_sample", true).put("temperature", 0.5).put("top_k", 20).put("top_p", 0.9);
    json.writerWithDefaultPrettyPrinter()
        .writeValue(folder.resolve("generation_config.json").toFile(), generation);
    ObjectNode settings = json.createObjectNode();
    settings.put("tokenizer_class", "Qwen2Tokenizer").put("model_max_length", 1024);
    settings.putNull("bos_token").put("eos_token", "<|im_end|>").put("pad_token", "<|endoftext|>");
    settings.put("chat_template", CHAT_TEMPLATE);
    json.writerWithDefaultPrettyPrinter()
        .writeValue(folder.resolve("tokenizer_config.json").toFile(), settings);
    new SeedModel(seed).writeWeights(folder.resolve("model.safetensors"), tokenizer.vocabSize());
  }

  private static ObjectNode config(ObjectMapper json, ByteLevelBpe tokenizer) {
    ObjectNode config = json.createObjectNode();
    config.putArray("architectures").add("Qwen3ForCausalLM");
    config.put("model_type", "qwen3").put("dtype", "bfloat16");
    config.put("vocab_size", tokenizer.vocabSize()).put("hidden_size", HIDDEN);
    config.put("intermediate_size", INTERMEDIATE).put("num_hidden_layers", LAYERS);
    config.put("num_attention_heads", HEADS).put("num_key_value_heads", KEY_VALUE_HEADS);
    config.put("head_dim", HEAD_DIM).put("hidden_act", "silu").put("rms_norm_eps", 1e-6);
    config.put("max_position_embeddings", 1024).put("initializer_range", INITIALIZER_RANGE);
    config.put("attention_bias", false).put("tie_word_embeddings", true);
    config.put("bos_token_id", tokenizer.special(0)).put("eos_token_id", tokenizer.special(2));
    config.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", 10000.0);
    return config;
  }

  private void writeWeights(Path file, int vocabSize) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    matrix(writer, "model.embed_tokens.weight", vocabSize, HIDDEN);
    for (int layer = 0; layer < LAYERS; layer++) {
      String name = "model.layers." + layer;
      ones(writer, name + ".input_layernorm.weight", HIDDEN);
      matrix(writer, name + ".self_attn.q_proj.weight", HEADS * HEAD_DIM, HIDDEN);
      matrix(writer, name + ".self_attn.k_proj.weight", KEY_VALUE_HEADS * HEAD_DIM, HIDDEN);
      matrix(writer, name + ".self_attn.v_proj.weight", KEY_VALUE_HEADS * HEAD_DIM, HIDDEN);
      matrix(writer, name + ".self_attn.o_proj.weight", HIDDEN, HEADS * HEAD_DIM);
      ones(writer, name + ".self_attn.q_norm.weight", HEAD_DIM);
      ones(writer, name + ".self_attn.k_norm.weight", HEAD_DIM);
      ones(writer, name + ".post_attention_layernorm.weight", HIDDEN);
      matrix(writer, name + ".mlp.gate_proj.weight", INTERMEDIATE, HIDDEN);
      matrix(writer, name + ".mlp.up_proj.weight", INTERMEDIATE, HIDDEN);
      matrix(writer, name + ".mlp.down_proj.weight", HIDDEN, INTERMEDIATE);
    }
    ones(writer, "model.norm.weight", HIDDEN);
    writer.write(file);
  }

  private void matrix(SafetensorsWriter writer, String name, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * INITIALIZER_RANGE);
    }
    writer.add(name, values, rows, columns);
  }

  private static void ones(SafetensorsWriter writer, String name, int length) {
    float[] values = new float[length];
    Arrays.fill(values, 1);
    writer.add(name, values, length);
  }
}
