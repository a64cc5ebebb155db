package dev.wick.formats;

import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.gguf.GgufMetadata;
import dev.wick.formats.gguf.GgufVocabulary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Says in the words of {@code config.json} and {@code generation_config.json} what the metadata and
 * the tensors of a GGUF model say: the way back from {@code convert_hf_to_gguf.py} of llama.cpp.
 */
final class GgufConfig {
  private static final String ARCHITECTURE = "general.architecture";

  /** Architectures by the name that llama.cpp gives them; others keep theirs. */
  private static final Map<String, String> MODEL_TYPES =
      Map.of("qwen2", "qwen2", "qwen2moe", "qwen2_moe", "qwen3", "qwen3", "qwen3moe", "qwen3_moe");

  /** Ends of a turn or a text that llama.cpp honours beside the one that is named. */
  private static final Set<String> END_TOKENS = Set.of("<|im_end|>", "<|endoftext|>");

  private static final int CONTROL = 3;

  private final String architecture;
  private final GgufMetadata metadata;
  private final GgufWeights weights;
  private final Map<String, Object> config = new LinkedHashMap<>();

  private GgufConfig(String architecture, GgufMetadata metadata, GgufWeights weights) {
    this.architecture = architecture;
    this.metadata = metadata;
    this.weights = weights;
  }

  /** The {@code model_type} and the rest of a {@code config.json}. */
  static Map<String, Object> read(GgufMetadata metadata, GgufWeights weights)
      throws FormatException {
    String architecture =
        metadata
            .text(ARCHITECTURE)
            .filter(name -> !name.isBlank())
            .orElseThrow(
                () -> metadata.refuse(ARCHITECTURE, "the name of an architecture such as qwen3"));
    return new GgufConfig(architecture, metadata, weights).read();
  }

  private Map<String, Object> read() throws FormatException {
    String modelType = MODEL_TYPES.get(architecture);
    config.put("model_type", modelType == null ? architecture : modelType);
    if (modelType == null) {
      return config; // nobody here knows its keys, and its name alone says so
    }
    int hiddenSize = required("embedding_length");
    int heads = required("attention.head_count");
    config.put("hidden_size", hiddenSize);
    config.put("num_hidden_layers", required("block_count"));
    config.put("num_attention_heads", heads);
    config.put("num_key_value_heads", integer("attention.head_count_kv").orElse(heads));
    config.put("head_dim", headDim(hiddenSize, heads));
    config.put("vocab_size", vocabSize());
    config.put("max_position_embeddings", required("context_length"));
    config.put(
        "rms_norm_eps",
        number("attention.layer_norm_rms_epsilon")
            .orElseThrow(() -> refuse("attention.layer_norm_rms_epsilon", "a number")));
    config.put("tie_word_embeddings", weights.find("lm_head.weight").isEmpty());
    GgufLayout layout = new GgufLayout(modelType, architecture, metadata, weights);
    config.put(
        modelType.equals("qwen2_moe") ? "qkv_bias" : "attention_bias", layout.hasAttentionBias());
    if (modelType.endsWith("_moe")) {
      experts(modelType);
    } else {
      config.put("intermediate_size", required("feed_forward_length"));
    }
    rope();
    slidingWindow();
    layout.check(
        required("block_count"), modelType.endsWith("_moe") ? required("expert_count") : 0);
    return config;
  }

  private int headDim(int hiddenSize, int heads) throws FormatException {
    int headDim = integer("attention.key_length").orElse(hiddenSize / heads);
    if (integer("attention.value_length").orElse(headDim) != headDim) {
      throw refuse("attention.value_length", "the key length, " + headDim);
    }
    if (integer("rope.dimension_count").orElse(headDim) != headDim) {
      throw refuse("rope.dimension_count", "the key length, " + headDim);
    }
    return headDim;
  }

  private int vocabSize() throws FormatException {
    Optional<Integer> declared = integer("vocab_size");
    if (declared.isPresent()) {
      return declared.get();
    }
    List<String> tokens = metadata.texts(GgufVocabulary.TOKENS);
    if (!tokens.isEmpty()) {
      return tokens.size();
    }
    Shape table =
        weights
            .find("model.embed_tokens.weight")
            .map(TensorSpec::shape)
            .filter(shape -> shape.rank() == 2 && shape.extent(0) <= Integer.MAX_VALUE)
            .orElseThrow(() -> metadata.refuse(GgufVocabulary.TOKENS, "a list of tokens"));
    return (int) table.extent(0);
  }

  private void experts(String modelType) throws FormatException {
    int layers = required("block_count");
    int width =
        integer("expert_feed_forward_length").orElseGet(() -> widthOf("experts.0.gate_proj"));
    config.put("moe_intermediate_size", width);
    config.put("intermediate_size", integer("feed_forward_length").orElse(width));
    config.put("num_experts", required("expert_count"));
    config.put("num_experts_per_tok", required("expert_used_count"));
    if (modelType.equals("qwen2_moe")) {
      config.put(
          "shared_expert_intermediate_size",
          integer("expert_shared_feed_forward_length")
              .orElseGet(() -> widthOf("shared_expert.gate_proj")));
    }
    // What llama.cpp builds where the file is silent.
    config.put(
        "norm_topk_prob",
        metadata.flag(architecture + ".expert_weights_norm").orElse(modelType.equals("qwen3_moe")));
    config.put("decoder_sparse_step", 1);
    IntPredicate isDense =
        layer -> weights.find("model.layers.%d.mlp.gate.weight".formatted(layer)).isEmpty();
    List<Integer> dense = new ArrayList<>();
    for (int layer = 0; layer < Math.min(layers, weights.names().size()); layer++) {
      if (isDense.test(layer)) {
        dense.add(layer);
      }
    }
    config.put("mlp_only_layers", dense);
  }

  /** Rows of a projection, in the first layer that has it; 0 if none has. */
  private int widthOf(String projection) {
    return weights.names().stream()
        .filter(name -> name.endsWith(".mlp." + projection + ".weight"))
        .findFirst()
        .map(name -> weights.find(name).orElseThrow().shape())
        .map(shape -> (int) Math.min(shape.extent(0), Integer.MAX_VALUE))
        .orElse(0);
  }

  private void rope() throws FormatException {
    config.put("rope_theta", number("rope.freq_base").orElse(10_000.0));
    Optional<Double> classic = number("rope.scale_linear");
    Optional<Double> given = number("rope.scaling.factor").or(() -> classic);
    String type = // a factor alone is linear in llama.cpp
        metadata
            .text(architecture + ".rope.scaling.type")
            .orElse(given.isPresent() ? "linear" : "none");
    if (type.equals("none")) {
      return;
    }
    double factor = given.orElseThrow(() -> refuse("rope.scaling.factor", "a number"));
    Map<String, Object> scaling = new LinkedHashMap<>();
    scaling.put("rope_type", type);
    scaling.put("factor", factor);
    if (type.equals("yarn")) {
      integer("rope.scaling.original_context_length")
          .ifPresent(length -> scaling.put("original_max_position_embeddings", length));
      number("rope.scaling.yarn_beta_fast").ifPresent(beta -> scaling.put("beta_fast", beta));
      number("rope.scaling.yarn_beta_slow").ifPresent(beta -> scaling.put("beta_slow", beta));
      number("rope.scaling.attn_factor")
          .ifPresent(
              attention ->
                  scaling.put(
                      "attention_factor",
                      attention * (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1)));
    } else if (!type.equals("linear")) {
      throw refuse("rope.scaling.type", "none, linear or yarn");
    }
    config.put("rope_scaling", scaling);
  }

  private void slidingWindow() throws FormatException {
    int window = metadata.integer(architecture + ".attention.sliding_window", 0).orElse(0);
    if (window > 0) {
      config.put("use_sliding_window", true);
      config.put("sliding_window", window);
      config.put("max_window_layers", 0);
    }
  }

  /** What generation_config.json would say: ends, and the sampling that the file recommends. */
  static Map<String, Object> generation(GgufMetadata metadata) throws FormatException {
    Map<String, Object> generation = new LinkedHashMap<>();
    Set<Integer> ends = new LinkedHashSet<>();
    metadata.integer(GgufVocabulary.EOS, 0).ifPresent(ends::add);
    metadata.integer("tokenizer.ggml.eot_token_id", 0).ifPresent(ends::add);
    List<String> tokens = metadata.texts(GgufVocabulary.TOKENS);
    List<Integer> types = metadata.integers(GgufVocabulary.TOKEN_TYPES);
    for (int id = 0; id < Math.min(tokens.size(), types.size()); id++) {
      if (types.get(id) == CONTROL && END_TOKENS.contains(tokens.get(id))) {
        ends.add(id);
      }
    }
    if (!ends.isEmpty()) {
      generation.put("eos_token_id", List.copyOf(ends));
    }
    Optional<Double> temperature = metadata.number("general.sampling.temp");
    temperature.ifPresent(value -> generation.put("temperature", value));
    temperature.ifPresent(value -> generation.put("do_sample", value > 0));
    metadata.integer("general.sampling.top_k", 0).ifPresent(k -> generation.put("top_k", k));
    metadata.number("general.sampling.top_p").ifPresent(p -> generation.put("top_p", p));
    metadata.number("general.sampling.min_p").ifPresent(p -> generation.put("min_p", p));
    metadata
        .number("general.sampling.penalty_repeat")
        .ifPresent(penalty -> generation.put("repetition_penalty", penalty));
    return generation;
  }

  private Optional<Integer> integer(String key) throws FormatException {
    return metadata.integer(architecture + "." + key, 1);
  }

  private int required(String key) throws FormatException {
    return integer(key).orElseThrow(() -> refuse(key, "a whole number of at least 1"));
  }

  private Optional<Double> number(String key) throws FormatException {
    return metadata.number(architecture + "." + key);
  }

  private FormatException refuse(String key, String expected) {
    return metadata.refuse(architecture + "." + key, expected);
  }
}
