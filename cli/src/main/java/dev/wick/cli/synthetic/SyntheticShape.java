package dev.wick.cli.synthetic;

import dev.wick.engine.tensor.DType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The shapes of published Qwen models, as in their {@code config.json}. */
public enum SyntheticShape {
  QWEN2_5_0_5B("qwen2.5-0.5b", "qwen2", 896, 24, 14, 2, 64, 4864, 151_936, 32_768, true),
  QWEN2_5_1_5B("qwen2.5-1.5b", "qwen2", 1536, 28, 12, 2, 128, 8960, 151_936, 32_768, true),
  QWEN2_5_3B("qwen2.5-3b", "qwen2", 2048, 36, 16, 2, 128, 11_008, 151_936, 32_768, true),
  QWEN2_5_7B("qwen2.5-7b", "qwen2", 3584, 28, 28, 4, 128, 18_944, 152_064, 32_768, false),
  QWEN3_0_6B("qwen3-0.6b", "qwen3", 1024, 28, 16, 8, 128, 3072, 151_936, 40_960, true),
  QWEN3_1_7B("qwen3-1.7b", "qwen3", 2048, 28, 16, 8, 128, 6144, 151_936, 40_960, true),
  QWEN3_4B("qwen3-4b", "qwen3", 2560, 36, 32, 8, 128, 9728, 151_936, 40_960, true);

  private final String label;
  private final String modelType;
  private final int hiddenSize;
  private final int numHiddenLayers;
  private final int numAttentionHeads;
  private final int numKeyValueHeads;
  private final int headDim;
  private final int intermediateSize;
  private final int vocabSize;
  private final int maxPositionEmbeddings;
  private final boolean tieWordEmbeddings;

  SyntheticShape(
      String label,
      String modelType,
      int hiddenSize,
      int numHiddenLayers,
      int numAttentionHeads,
      int numKeyValueHeads,
      int headDim,
      int intermediateSize,
      int vocabSize,
      int maxPositionEmbeddings,
      boolean tieWordEmbeddings) {
    this.label = label;
    this.modelType = modelType;
    this.hiddenSize = hiddenSize;
    this.numHiddenLayers = numHiddenLayers;
    this.numAttentionHeads = numAttentionHeads;
    this.numKeyValueHeads = numKeyValueHeads;
    this.headDim = headDim;
    this.intermediateSize = intermediateSize;
    this.vocabSize = vocabSize;
    this.maxPositionEmbeddings = maxPositionEmbeddings;
    this.tieWordEmbeddings = tieWordEmbeddings;
  }

  /** Name on the command line, for example {@code qwen2.5-0.5b}. */
  public String label() {
    return label;
  }

  /** All names. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(SyntheticShape::label).toList();
  }

  /** The shape of a name, or empty if there is none. */
  public static Optional<SyntheticShape> of(String label) {
    return Arrays.stream(values()).filter(shape -> shape.label.equals(label)).findFirst();
  }

  /** The {@code config.json}. */
  Map<String, Object> config(DType dtype) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("model_type", modelType);
    config.put("hidden_act", "silu");
    config.put("hidden_size", hiddenSize);
    config.put("intermediate_size", intermediateSize);
    config.put("num_hidden_layers", numHiddenLayers);
    config.put("num_attention_heads", numAttentionHeads);
    config.put("num_key_value_heads", numKeyValueHeads);
    config.put("head_dim", headDim);
    config.put("vocab_size", vocabSize);
    config.put("max_position_embeddings", maxPositionEmbeddings);
    config.put("rms_norm_eps", 1e-6);
    config.put("rope_theta", 1_000_000.0);
    config.put("tie_word_embeddings", tieWordEmbeddings);
    config.put("torch_dtype", torchName(dtype));
    return config;
  }

  private static String torchName(DType dtype) {
    return switch (dtype) {
      case BF16 -> "bfloat16";
      case F16 -> "float16";
      case F32 -> "float32";
      default ->
          throw new IllegalArgumentException("synthetic: expected BF16, F16 or F32, got " + dtype);
    };
  }

  /** Extents of every tensor, by name. */
  Map<String, long[]> tensors() {
    Map<String, long[]> tensors = new LinkedHashMap<>();
    long queryWidth = (long) numAttentionHeads * headDim;
    long keyWidth = (long) numKeyValueHeads * headDim;
    tensors.put("model.embed_tokens.weight", new long[] {vocabSize, hiddenSize});
    for (int i = 0; i < numHiddenLayers; i++) {
      String layer = "model.layers." + i;
      String attention = layer + ".self_attn.";
      linear(tensors, attention + "q_proj", queryWidth, hiddenSize, !isQwen3());
      linear(tensors, attention + "k_proj", keyWidth, hiddenSize, !isQwen3());
      linear(tensors, attention + "v_proj", keyWidth, hiddenSize, !isQwen3());
      linear(tensors, attention + "o_proj", hiddenSize, queryWidth, false);
      if (isQwen3()) {
        tensors.put(attention + "q_norm.weight", new long[] {headDim});
        tensors.put(attention + "k_norm.weight", new long[] {headDim});
      }
      linear(tensors, layer + ".mlp.gate_proj", intermediateSize, hiddenSize, false);
      linear(tensors, layer + ".mlp.up_proj", intermediateSize, hiddenSize, false);
      linear(tensors, layer + ".mlp.down_proj", hiddenSize, intermediateSize, false);
      tensors.put(layer + ".input_layernorm.weight", new long[] {hiddenSize});
      tensors.put(layer + ".post_attention_layernorm.weight", new long[] {hiddenSize});
    }
    tensors.put("model.norm.weight", new long[] {hiddenSize});
    if (!tieWordEmbeddings) {
      linear(tensors, "lm_head", vocabSize, hiddenSize, false);
    }
    return tensors;
  }

  private boolean isQwen3() {
    return modelType.equals("qwen3");
  }

  private static void linear(
      Map<String, long[]> tensors, String name, long out, long in, boolean bias) {
    tensors.put(name + ".weight", new long[] {out, in});
    if (bias) {
      tensors.put(name + ".bias", new long[] {out});
    }
  }
}
