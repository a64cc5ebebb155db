package dev.wick.lora.training;

/** How the losses of the tokens of one optimiser step, in several micro-batches, become one. */
public enum LossReduction {
  /** The mean over all counted tokens of the step, as in current transformers. */
  TOKENS_OVER_ACCUMULATION,
  /** The mean of the micro-batches' own means: a token in a short micro-batch counts more. */
  MEAN_OF_MICROBATCH_MEANS
}
