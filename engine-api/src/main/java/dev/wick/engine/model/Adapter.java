package dev.wick.engine.model;

import dev.wick.engine.Tensor;
import java.util.Optional;

/** What fine-tuning adds to the linears of a base model, as data. Immutable, thread-safe. */
public interface Adapter {
  /** The name under which it is published. */
  String name();

  /** Counts the publications under that name, from 1. */
  long version();

  /**
   * What it adds to the linear of this name, for example {@code model.layers.3.self_attn.q_proj}.
   */
  Optional<LowRank> delta(String linear);

  /**
   * A low-rank change of a linear (Hu et al. 2021, arXiv:2106.09685): {@code y += scale · x · Aᵀ ·
   * Bᵀ}.
   *
   * @param a [rank, in]
   * @param b [out, rank]
   */
  record LowRank(Tensor a, Tensor b, float scale) {}
}
