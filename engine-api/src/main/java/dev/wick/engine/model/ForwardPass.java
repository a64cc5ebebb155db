package dev.wick.engine.model;

import dev.wick.engine.op.Expr;

/** The forward pass of a model, written once as an expression and traced per shape of step. */
public interface ForwardPass {
  /** From tokens to the hidden states after the final norm: [tokens, hidden]. */
  Expr hidden(StepInputs inputs);

  /** From hidden states of some rows [rows, hidden] to logits [rows, vocab]. */
  Expr logits(Expr hidden);
}
