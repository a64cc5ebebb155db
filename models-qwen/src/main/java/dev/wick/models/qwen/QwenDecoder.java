package dev.wick.models.qwen;

import dev.wick.engine.TensorScope;
import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.model.Weights;
import dev.wick.engine.op.Expr;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The decoder of Qwen2 (Yang et al. 2024, arXiv:2407.10671) and Qwen3 (Yang et al. 2025,
 * arXiv:2505.09388), dense and mixture of experts.
 */
record QwenDecoder(
    Parameter embedding,
    RotaryEmbedding rotaryEmbedding,
    List<QwenLayer> layers,
    Parameter norm,
    float rmsNormEps,
    Linear head,
    List<Linear> linears,
    List<Parameter> parameters)
    implements ForwardPass {

  static QwenDecoder load(QwenConfig config, Weights weights, TensorScope scope)
      throws IOException {
    long vocab = config.vocabSize();
    long hidden = config.hiddenSize();
    Parameter embedding = weights.matrix("model.embed_tokens.weight", vocab, hidden);
    List<QwenLayer> layers = new ArrayList<>();
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      layers.add(QwenLayer.load(config, i, weights));
    }
    Parameter norm = weights.vector("model.norm.weight", hidden);
    Linear head =
        config.tieWordEmbeddings()
            ? weights.tied("lm_head", embedding)
            : weights.linear("lm_head", vocab, hidden, false);
    return new QwenDecoder(
        embedding,
        RotaryEmbedding.of(config.rope(), config.headDim(), scope),
        layers,
        norm,
        (float) config.rmsNormEps(),
        head,
        weights.linears(),
        weights.parameters());
  }

  /** Number of weights. */
  long size() {
    return parameters.stream().mapToLong(parameter -> parameter.tensor().shape().size()).sum();
  }

  @Override
  public Expr hidden(ForwardContext context) {
    Expr x = context.embed(embedding); // [tokens, hidden]
    context.observe("embed", x);
    RotaryEmbedding.Angles angles = rotaryEmbedding.at(context.positions());
    for (QwenLayer layer : layers) {
      x = context.block(x, h -> layer.forward(h, angles, context));
      context.observe("layer." + layer.index(), x);
    }
    x = context.rmsNorm(x, norm, rmsNormEps);
    context.observe("final_norm", x);
    return x;
  }

  @Override
  public Expr logits(ForwardContext context, Expr hidden) {
    return context.linear(head, hidden); // [rows, vocab]
  }
}
