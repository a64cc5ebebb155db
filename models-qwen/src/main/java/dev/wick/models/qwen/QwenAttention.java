package dev.wick.models.qwen;

import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.model.Weights;
import dev.wick.engine.op.Expr;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Grouped-query self-attention with rotary positions; Qwen3 also normalises queries and keys per
 * head (Dehghani et al. 2023, arXiv:2302.05442).
 */
record QwenAttention(
    int layer,
    Linear query,
    Linear key,
    Linear value,
    Linear output,
    Optional<Parameter> queryNorm,
    Optional<Parameter> keyNorm,
    int numHeads,
    int numKeyValueHeads,
    int headDim,
    int window,
    float rmsNormEps) {

  static QwenAttention load(QwenConfig config, int layer, Weights weights) throws IOException {
    String name = "model.layers.%d.self_attn".formatted(layer);
    long hidden = config.hiddenSize();
    int headDim = config.headDim();
    long queryWidth = (long) config.numAttentionHeads() * headDim;
    long keyWidth = (long) config.numKeyValueHeads() * headDim;
    boolean bias = config.attentionBias();
    boolean norm = config.family().queryKeyNorm();
    return new QwenAttention(
        layer,
        weights.linear(name + ".q_proj", queryWidth, hidden, bias),
        weights.linear(name + ".k_proj", keyWidth, hidden, bias),
        weights.linear(name + ".v_proj", keyWidth, hidden, bias),
        weights.linear(name + ".o_proj", hidden, queryWidth, config.outputBias()),
        norm ? Optional.of(weights.vector(name + ".q_norm.weight", headDim)) : Optional.empty(),
        norm ? Optional.of(weights.vector(name + ".k_norm.weight", headDim)) : Optional.empty(),
        config.numAttentionHeads(),
        config.numKeyValueHeads(),
        headDim,
        config.window(layer),
        (float) config.rmsNormEps());
  }

  /** From [tokens, hidden] to [tokens, hidden]. */
  Expr forward(Expr x, RotaryEmbedding.Angles angles, ForwardContext context) {
    long tokens = x.extent(0);
    List<Expr> projected = context.linears(List.of(query, key, value), x); // [tokens, width]
    Expr q = projected.get(0).reshape(tokens, numHeads, headDim);
    Expr k = projected.get(1).reshape(tokens, numKeyValueHeads, headDim);
    Expr v = projected.get(2).reshape(tokens, numKeyValueHeads, headDim);
    if (queryNorm.isPresent() && keyNorm.isPresent()) {
      q = context.rmsNorm(q, queryNorm.get(), rmsNormEps);
      k = context.rmsNorm(k, keyNorm.get(), rmsNormEps);
    }
    q = q.rope(angles.cos(), angles.sin());
    k = k.rope(angles.cos(), angles.sin());
    float scale = (float) (1 / Math.sqrt(headDim));
    Expr mixed = context.attend(layer, q, k, v, scale, window); // [tokens, heads, headDim]
    return context.linear(output, mixed.reshape(tokens, (long) numHeads * headDim));
  }
}
