package dev.wick.engine.model;

import dev.wick.engine.op.Expr;
import java.util.List;

/** The forward pass of a model, written once as an expression and traced for each use. */
public interface ForwardPass {
  /** From tokens to the hidden states after the final norm: [tokens, hidden]. */
  Expr hidden(ForwardContext context);

  /**
   * From hidden states to logits [rows, vocab].
   *
   * @param hidden [rows, hidden], some rows of what {@link #hidden} returned
   */
  Expr logits(ForwardContext context, Expr hidden);

  /** Every linear layer, each once. */
  List<Linear> linears();

  /** Every weight, each once, in the order of the checkpoint's layers. */
  List<Parameter> parameters();
}
