package dev.wick.formats.quantize;

import dev.wick.formats.Checkpoint;
import dev.wick.formats.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Says in GGUF metadata what the {@code config.json} of a Qwen model says. */
final class GgufModelMetadata {
  private static final Map<String, String> ARCHITECTURES =
      Map.of("qwen2", "qwen2", "qwen2_moe", "qwen2moe", "qwen3", "qwen3", "qwen3_moe", "qwen3moe");

  private final Checkpoint source;
  private final Map<String, Object> config;
  private final String prefix;
  private final GgufWriter target;

  private GgufModelMetadata(Checkpoint source, String architecture, GgufWriter target) {
    this.source = source;
    this.config = source.config();
    this.prefix = architecture + ".";
    this.target = target;
  }

  /** Refuses a model that llama.cpp would compute otherwise, or not at all. */
  static void check(Checkpoint source) throws IOException {
    architecture(source);
    add(source, GgufFileType.F32, new GgufWriter());
  }

  private static String architecture(Checkpoint source) throws IOException {
    String architecture = ARCHITECTURES.get(source.modelType());
    if (architecture == null) {
      throw new IOException(
          "%s: expected a model_type in %s, which are written as GGUF, got %s"
              .formatted(
                  source.path(),
                  ARCHITECTURES.keySet().stream().sorted().toList(),
                  source.modelType()));
    }
    return architecture;
  }

  /** Adds all but the tokenizer. */
  static void add(Checkpoint source, GgufFileType type, GgufWriter target) throws IOException {
    String architecture = architecture(source);
    Path name = source.path().toAbsolutePath().normalize().getFileName();
    target
        .metadata("general.architecture", architecture)
        .metadata("general.type", "model")
        .metadata("general.name", name == null ? architecture : name.toString())
        .metadata("general.file_type", type.id());
    new GgufModelMetadata(source, architecture, target).add();
  }

  private void add() throws IOException {
    int hiddenSize = integer("hidden_size");
    int heads = integer("num_attention_heads");
    number("block_count", integer("num_hidden_layers"));
    number("context_length", integer("max_position_embeddings", 32_768));
    number("embedding_length", hiddenSize);
    number("attention.head_count", heads);
    number("attention.head_count_kv", integer("num_key_value_heads", heads));
    boolean qwen3 = source.modelType().equals("qwen3");
    int headDim = integer("head_dim", qwen3 ? 128 : hiddenSize / heads);
    if (config.get("head_dim") != null || headDim * heads != hiddenSize) {
      number("attention.key_length", headDim);
      number("attention.value_length", headDim);
    }
    decimal("attention.layer_norm_rms_epsilon", decimal(config, "rms_norm_eps", 1e-6));
    boolean moe = source.modelType().endsWith("_moe");
    number("feed_forward_length", integer("intermediate_size"));
    if (moe) {
      addExperts();
    }
    addRope();
    if (Boolean.TRUE.equals(config.get("use_sliding_window"))
        && config.get("sliding_window") != null) {
      throw refuse("use_sliding_window", "false: llama.cpp has no sliding window for this model");
    }
  }

  private void addExperts() throws IOException {
    number(
        "expert_count",
        integer(config.get("num_local_experts") != null ? "num_local_experts" : "num_experts"));
    number("expert_used_count", integer("num_experts_per_tok"));
    number("expert_feed_forward_length", integer("moe_intermediate_size"));
    boolean normalised = Boolean.TRUE.equals(config.get("norm_topk_prob"));
    if (source.modelType().equals("qwen2_moe")) {
      number("expert_shared_feed_forward_length", integer("shared_expert_intermediate_size"));
    }
    if (normalised != source.modelType().equals("qwen3_moe")) {
      target.metadata(prefix + "expert_weights_norm", normalised);
    }
  }

  private void addRope() throws IOException {
    @Nullable Object nested = config.get("rope_parameters");
    if (nested == null) {
      nested = config.get("rope_scaling");
    }
    Map<?, ?> rope = nested instanceof Map<?, ?> map ? map : Map.of();
    decimal("rope.freq_base", decimal(rope, "rope_theta", decimal(config, "rope_theta", 10_000)));
    Object type = rope.get(rope.containsKey("rope_type") ? "rope_type" : "type");
    if (type == null || type.equals("default")) {
      return;
    }
    if (!type.equals("linear") && !type.equals("yarn")) {
      throw refuse("rope_scaling", "default, linear or yarn");
    }
    double factor = decimal(rope, "factor", 1);
    target.metadata(prefix + "rope.scaling.type", type.toString());
    decimal("rope.scaling.factor", factor);
    if (type.equals("yarn")) {
      Object original = rope.get("original_max_position_embeddings");
      number(
          "rope.scaling.original_context_length",
          original instanceof Integer length ? length : integer("max_position_embeddings", 32_768));
      decimal("rope.scaling.yarn_beta_fast", decimal(rope, "beta_fast", 32));
      decimal("rope.scaling.yarn_beta_slow", decimal(rope, "beta_slow", 1));
      for (String key : new String[] {"attention_factor", "mscale", "mscale_all_dim"}) {
        if (rope.get(key) != null) {
          throw refuse("rope_scaling", "no " + key + ", which llama.cpp does not have");
        }
      }
    }
  }

  private void number(String key, int value) {
    target.metadata(prefix + key, value);
  }

  private void decimal(String key, double value) {
    target.metadata(prefix + key, (float) value);
  }

  private int integer(String key) throws IOException {
    if (config.get(key) instanceof Integer value && value > 0) {
      return value;
    }
    throw refuse(key, "a whole number of at least 1");
  }

  private int integer(String key, int otherwise) throws IOException {
    return config.get(key) == null ? otherwise : integer(key);
  }

  private double decimal(Map<?, ?> values, String key, double otherwise) throws IOException {
    Object value = values.get(key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw refuse(key, "a number");
  }

  private IOException refuse(String key, String expected) {
    return new IOException(
        "%s: config.json: %s: expected %s, got %s"
            .formatted(source.path(), key, expected, config.get(key)));
  }
}
