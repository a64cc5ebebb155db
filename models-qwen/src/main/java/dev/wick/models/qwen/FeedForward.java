package dev.wick.models.qwen;

import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.op.Expr;

/** The part of a block that works on each token alone. */
sealed interface FeedForward permits DenseMlp, SparseMoe {
  /** From [tokens, hidden] to [tokens, hidden]. */
  Expr forward(Expr x, ForwardContext context);
}
