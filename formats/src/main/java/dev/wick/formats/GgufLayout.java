package dev.wick.formats;

import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.gguf.GgufMetadata;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Holds the tensors of a GGUF model against its metadata. What a model has no place for would be
 * left out of the computation without a word, so that it is refused, as llama.cpp refuses it.
 */
final class GgufLayout {
  private static final String LAYERS = "model.layers.";
  private static final String EXPERTS = "mlp.experts.";
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
  private static final List<String> PROJECTIONS =
      List.of("gate_proj.weight", "up_proj.weight", "down_proj.weight");

  /**
   * How the names of tensors begin that belong to the computation, whether they are known or not.
   */
  private static final List<String> COMPUTED = List.of("model.", "blk.", "lm_head.", "rope_");

  private static final Set<String> TOP =
      Set.of("model.embed_tokens.weight", "model.norm.weight", "lm_head.weight");

  private final String architecture;
  private final GgufMetadata metadata;
  private final GgufWeights weights;
  private final Set<String> layerParts = new HashSet<>();

  /** The layout of a model by its {@code model_type}. */
  GgufLayout(String modelType, String architecture, GgufMetadata metadata, GgufWeights weights) {
    this.architecture = architecture;
    this.metadata = metadata;
    this.weights = weights;
    layerParts.add("input_layernorm.weight");
    layerParts.add("post_attention_layernorm.weight");
    for (String projection : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
      layerParts.add("self_attn." + projection + ".weight");
      layerParts.add("self_attn." + projection + ".bias");
    }
    PROJECTIONS.forEach(projection -> layerParts.add("mlp." + projection));
    if (modelType.startsWith("qwen3")) {
      layerParts.add("self_attn.q_norm.weight");
      layerParts.add("self_attn.k_norm.weight");
    } else {
      layerParts.remove("self_attn.o_proj.bias");
    }
    if (modelType.endsWith("_moe")) {
      layerParts.add("mlp.gate.weight");
    }
    if (modelType.equals("qwen2_moe")) {
      layerParts.add("mlp.shared_expert_gate.weight");
      PROJECTIONS.forEach(projection -> layerParts.add("mlp.shared_expert." + projection));
    }
  }

  /** Whether the projections of attention have biases: all of them, or none. */
  boolean hasAttentionBias() {
    return weights.names().stream()
        .anyMatch(name -> name.startsWith(LAYERS) && name.endsWith("_proj.bias"));
  }

  /**
   * Refuses a tensor that the model has no place for.
   *
   * @param experts number of experts, 0 for a dense model
   */
  void check(int layers, int experts) throws FormatException {
    for (String name : weights.names()) {
      int end = name.startsWith(LAYERS) ? name.indexOf('.', LAYERS.length()) : -1;
      if (end > 0) {
        requireBelow(layers, "block_count", name.substring(LAYERS.length(), end), name);
        checkPart(name.substring(end + 1), experts, name);
      } else if (!TOP.contains(name) && COMPUTED.stream().anyMatch(name::startsWith)) {
        throw unknown(name);
      }
    }
  }

  private void checkPart(String part, int experts, String name) throws FormatException {
    int end = part.startsWith(EXPERTS) ? part.indexOf('.', EXPERTS.length()) : -1;
    if (experts > 0 && end > 0 && PROJECTIONS.contains(part.substring(end + 1))) {
      requireBelow(experts, "expert_count", part.substring(EXPERTS.length(), end), name);
    } else if (!layerParts.contains(part)) {
      throw unknown(name);
    }
  }

  private void requireBelow(int count, String key, String index, String name)
      throws FormatException {
    if (!NUMBER.matcher(index).matches()) {
      throw unknown(name);
    }
    if (Integer.parseInt(index) >= count) {
      throw metadata.refuse(
          architecture + "." + key, "more than %s, as there is %s".formatted(index, name));
    }
  }

  private FormatException unknown(String name) {
    return new FormatException(
        weights.headers().getFirst().file(),
        "expected the tensors of a %s model, got %s, which it does not compute with"
            .formatted(architecture, Quoted.of(name)));
  }
}
