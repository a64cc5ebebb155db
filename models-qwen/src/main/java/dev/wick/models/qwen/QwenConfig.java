package dev.wick.models.qwen;

import dev.wick.engine.model.ModelSource;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The configuration of a Qwen text model, checked. Names are those of {@code config.json} in Java
 * case; defaults are those of the transformers library.
 *
 * @param attentionBias whether query, key and value projections have a bias
 * @param outputBias whether the output projection of attention has a bias
 * @param layerTypes per layer {@code full_attention} or {@code sliding_attention}; empty if the
 *     file is silent
 * @param slidingWindow positions that a sliding layer sees, 0 for all
 * @param maxWindowLayers number of layers before the sliding ones where the file is silent
 */
record QwenConfig(
    QwenFamily family,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int numKeyValueHeads,
    int headDim,
    int maxPositionEmbeddings,
    double rmsNormEps,
    boolean tieWordEmbeddings,
    boolean attentionBias,
    boolean outputBias,
    List<String> layerTypes,
    int slidingWindow,
    int maxWindowLayers,
    RopeConfig rope,
    Optional<MoeConfig> moe,
    List<Integer> eosTokenIds) {
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  static QwenConfig read(ModelSource source) throws IOException {
    ConfigReader config = ConfigReader.of(source);
    QwenFamily family =
        QwenFamily.of(source.modelType())
            .orElseThrow(() -> config.refuse("model_type", "a Qwen text model"));
    requireSilu(config);
    int hiddenSize = config.integer("hidden_size", 1);
    int heads = config.integer("num_attention_heads", 1);
    int kvHeads = config.integer("num_key_value_heads", 1, heads);
    if (heads % kvHeads != 0) {
      throw config.refuse("num_key_value_heads", "a divisor of num_attention_heads = " + heads);
    }
    int layers = config.integer("num_hidden_layers", 1);
    int maxPositions = config.integer("max_position_embeddings", 1, 32_768);
    boolean sliding = config.flag("use_sliding_window", false);
    boolean hasBias =
        config.flag(
            family == QwenFamily.QWEN2_MOE ? "qkv_bias" : "attention_bias", family.biasByDefault());
    return new QwenConfig(
        family,
        config.integer("vocab_size", 1),
        hiddenSize,
        config.integer("intermediate_size", 1),
        layers,
        heads,
        kvHeads,
        headDim(config, family, hiddenSize, heads),
        maxPositions,
        config.number("rms_norm_eps", 0, 1e-6),
        config.flag("tie_word_embeddings", false),
        hasBias,
        hasBias && !family.biasByDefault(),
        layerTypes(config, layers),
        sliding && config.has("sliding_window") ? config.integer("sliding_window", 1) : 0,
        config.integer("max_window_layers", 0, 28),
        RopeConfig.read(config, maxPositions),
        family.mixtureOfExperts() ? Optional.of(MoeConfig.read(config, family)) : Optional.empty(),
        eosTokenIds(source, config));
  }

  private static void requireSilu(ConfigReader config) throws IOException {
    String activation = config.text("hidden_act").orElse("silu");
    if (!activation.equals("silu") && !activation.equals("swish")) {
      throw config.refuse("hidden_act", "silu");
    }
  }

  private static int headDim(ConfigReader config, QwenFamily family, int hiddenSize, int heads)
      throws IOException {
    int headDim;
    if (config.has("head_dim")) {
      headDim = config.integer("head_dim", 1);
    } else if (family == QwenFamily.QWEN3) {
      headDim = 128;
    } else if (hiddenSize % heads != 0) {
      throw config.refuse("hidden_size", "a multiple of num_attention_heads = " + heads);
    } else {
      headDim = hiddenSize / heads;
    }
    if (headDim % 2 != 0) {
      throw config.refuse("head_dim", "an even number, which rotary embedding needs");
    }
    return headDim;
  }

  private static List<String> layerTypes(ConfigReader config, int layers) throws IOException {
    List<String> types = config.texts("layer_types");
    if (config.has("layer_types") && types.size() != layers) {
      throw config.refuse("layer_types", "one type for each of the %d layers".formatted(layers));
    }
    for (String type : types) {
      if (!type.equals(FULL) && !type.equals(SLIDING)) {
        throw config.refuse("layer_types", FULL + " or " + SLIDING);
      }
    }
    return List.copyOf(types);
  }

  /** What generation_config.json says, else config.json. */
  private static List<Integer> eosTokenIds(ModelSource source, ConfigReader config)
      throws IOException {
    Object generation = source.generationConfig().get("eos_token_id");
    if (generation instanceof Integer single) {
      return List.of(single);
    }
    if (generation instanceof List<?> list) {
      return list.stream().filter(Integer.class::isInstance).map(Integer.class::cast).toList();
    }
    return config.integers("eos_token_id");
  }

  /** Positions that a layer sees, 0 for all. */
  int window(int layer) {
    if (slidingWindow == 0) {
      return 0;
    }
    boolean sliding =
        family == QwenFamily.QWEN3_MOE // slides in every layer, whatever layer_types says
            || (layerTypes.isEmpty()
                ? slidesByDefault(layer)
                : layerTypes.get(layer).equals(SLIDING));
    return sliding ? slidingWindow : 0;
  }

  private boolean slidesByDefault(int layer) {
    return family == QwenFamily.QWEN2_MOE
        ? layer % 2 == 0 && layer < maxWindowLayers
        : layer >= maxWindowLayers;
  }
}
