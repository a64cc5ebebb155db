package dev.wick.models.qwen;

import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.model.Weights;
import dev.wick.engine.op.Expr;
import java.io.IOException;

/** One block of the decoder: attention and feed-forward, each behind a norm and a residual. */
record QwenLayer(
    int index,
    Parameter inputNorm,
    QwenAttention attention,
    Parameter postAttentionNorm,
    FeedForward feedForward,
    float rmsNormEps) {

  static QwenLayer load(QwenConfig config, int index, Weights weights) throws IOException {
    String name = "model.layers." + index;
    long hidden = config.hiddenSize();
    boolean sparse = config.moe().isPresent() && config.moe().get().isSparse(index);
    return new QwenLayer(
        index,
        weights.vector(name + ".input_layernorm.weight", hidden),
        QwenAttention.load(config, index, weights),
        weights.vector(name + ".post_attention_layernorm.weight", hidden),
        sparse
            ? SparseMoe.load(config.moe().get(), name + ".mlp", hidden, weights)
            : DenseMlp.load(name + ".mlp", hidden, config.intermediateSize(), weights),
        (float) config.rmsNormEps());
  }

  /** From [tokens, hidden] to [tokens, hidden]. */
  Expr forward(Expr x, RotaryEmbedding.Angles angles, ForwardContext context) {
    Expr attended = attention.forward(context.rmsNorm(x, inputNorm, rmsNormEps), angles, context);
    x = x.add(attended);
    return x.add(feedForward.forward(context.rmsNorm(x, postAttentionNorm, rmsNormEps), context));
  }
}
