package dev.wick.models.qwen;

import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.StepInputs;
import dev.wick.engine.model.Weights;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The decoder of Qwen2 (Yang et al. 2024, arXiv:2407.10671) and Qwen3 (Yang et al. 2025,
 * arXiv:2505.09388), dense and mixture of experts.
 */
record QwenDecoder(
    Tensor embedding,
    RotaryEmbedding rotaryEmbedding,
    List<QwenLayer> layers,
    Tensor norm,
    float rmsNormEps,
    Linear head)
    implements ForwardPass {

  static QwenDecoder load(QwenConfig config, Weights weights, TensorScope scope)
      throws IOException {
    long vocab = config.vocabSize();
    long hidden = config.hiddenSize();
    Tensor embedding = weights.matrix("model.embed_tokens.weight", vocab, hidden);
    List<QwenLayer> layers = new ArrayList<>();
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      layers.add(QwenLayer.load(config, i, weights));
    }
    return new QwenDecoder(
        embedding,
        RotaryEmbedding.of(config.rope(), config.headDim(), scope),
        layers,
        weights.vector("model.norm.weight", hidden),
        (float) config.rmsNormEps(),
        config.tieWordEmbeddings()
            ? new Linear("lm_head", embedding, Optional.empty())
            : weights.linear("lm_head", vocab, hidden, false));
  }

  @Override
  public Expr hidden(StepInputs inputs) {
    Expr x = embedding.gather(inputs.tokens()).cast(DType.F32); // [tokens, hidden]
    inputs.observe("embed", x);
    RotaryEmbedding.Angles angles = rotaryEmbedding.at(inputs.positions());
    for (QwenLayer layer : layers) {
      x = layer.forward(x, angles, inputs);
      inputs.observe("layer." + layer.index(), x);
    }
    x = x.rmsNorm(norm, rmsNormEps);
    inputs.observe("final_norm", x);
    return x;
  }

  @Override
  public Expr logits(Expr hidden) {
    return head.apply(hidden); // [rows, vocab]
  }
}
