package dev.wick.models.qwen;

import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * A mixture of experts as configured.
 *
 * @param sharedExpertIntermediateSize width of the expert that every token visits, 0 for none
 * @param normTopkProb whether the weights of the chosen experts are made to sum to 1
 * @param decoderSparseStep every so many layers one is sparse
 * @param mlpOnlyLayers layers that are dense in any case
 */
record MoeConfig(
    int numExperts,
    int numExpertsPerTok,
    int moeIntermediateSize,
    int sharedExpertIntermediateSize,
    boolean normTopkProb,
    int decoderSparseStep,
    Set<Integer> mlpOnlyLayers) {

  static MoeConfig read(ConfigReader config, QwenFamily family) throws IOException {
    String expertsKey = config.has("num_local_experts") ? "num_local_experts" : "num_experts";
    int experts = config.integer(expertsKey, 1);
    int perToken = config.integer("num_experts_per_tok", 1);
    if (perToken > experts) {
      throw config.refuse("num_experts_per_tok", "at most " + expertsKey + " = " + experts);
    }
    List<Integer> dense = config.integers("mlp_only_layers");
    return new MoeConfig(
        experts,
        perToken,
        config.integer("moe_intermediate_size", 1),
        family == QwenFamily.QWEN2_MOE ? config.integer("shared_expert_intermediate_size", 1) : 0,
        config.flag("norm_topk_prob", false),
        config.integer("decoder_sparse_step", 1, 1),
        Set.copyOf(dense));
  }

  /** Whether a layer has experts. */
  boolean isSparse(int layer) {
    return !mlpOnlyLayers.contains(layer) && (layer + 1) % decoderSparseStep == 0;
  }
}
