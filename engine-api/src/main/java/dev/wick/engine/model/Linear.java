package dev.wick.engine.model;

import dev.wick.engine.Tensor;
import dev.wick.engine.op.Expr;
import java.util.Optional;

/**
 * A named linear layer {@code y = x · Wᵀ + b}. The name is all that adapters, quantisation and
 * training know of it.
 *
 * @param name for example {@code model.layers.3.self_attn.q_proj}
 * @param weight [out, in]
 * @param bias [out], F32
 */
public record Linear(String name, Tensor weight, Optional<Tensor> bias) {
  /** Applies the layer: [rows, in] to [rows, out]. */
  public Expr apply(Expr x) {
    Expr y = x.matMul(weight.transpose(0, 1));
    return bias.isPresent() ? y.add(bias.get()) : y;
  }
}
