package dev.wick.engine.model;

import java.util.Optional;

/**
 * A named linear layer {@code y = x · Wᵀ + b}. The name is all that adapters, quantisation and
 * training know of it; {@link ForwardContext#linear} applies it.
 *
 * @param name for example {@code model.layers.3.self_attn.q_proj}
 * @param weight [out, in]; another linear's or the embedding's where weights are tied
 * @param bias F32 [out]
 * @param routed whether each row chooses it among others, as in a mixture of experts; {@link
 *     ForwardContext#experts} applies it then
 */
public record Linear(String name, Parameter weight, Optional<Parameter> bias, boolean routed) {
  /** A linear layer that all rows pass through. */
  public Linear(String name, Parameter weight, Optional<Parameter> bias) {
    this(name, weight, bias, false);
  }

  /** Width of the input. */
  public long in() {
    return weight.tensor().extent(1);
  }

  /** Width of the output. */
  public long out() {
    return weight.tensor().extent(0);
  }
}
