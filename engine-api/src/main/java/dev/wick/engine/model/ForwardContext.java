package dev.wick.engine.model;

import dev.wick.engine.op.Expr;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What a forward pass computes with: the tokens, and the weights as this pass sees them. Serving
 * adds adapters and a key-value cache, training makes weights variables; a model's text is the same
 * for both.
 */
public interface ForwardContext {
  /** Position of each token in its sequence, I32 [tokens]. */
  Expr positions();

  /** The embeddings of the tokens, F32 [tokens, hidden], from a table [vocab, hidden]. */
  Expr embed(Parameter table);

  /** Applies a linear layer: [rows, in] to [rows, out]. */
  Expr linear(Linear layer, Expr x);

  /**
   * Applies several linear layers to the same rows. Devices can compute their products as one, so
   * that a forward pass says here what it has to say of the same rows.
   *
   * @param x [rows, in]
   * @return [rows, out] of each layer, in their order
   */
  default List<Expr> linears(List<Linear> layers, Expr x) {
    return layers.stream().map(layer -> linear(layer, x)).toList();
  }

  /**
   * Applies to each row a linear layer of its own choice: x [tokens, slots or 1, in] and chosen I32
   * [tokens, slots] to [tokens, slots, out].
   *
   * @param layers one per expert, all of one shape, without bias
   */
  Expr experts(List<Linear> layers, Expr x, Expr chosen);

  /** Root-mean-square norm along the last axis. */
  Expr rmsNorm(Expr x, Parameter weight, float eps);

  /**
   * Causal attention of each token over its own sequence.
   *
   * @param layer index of the attention layer
   * @param query [tokens, heads, headDim]
   * @param key [tokens, kvHeads, headDim]
   * @param value [tokens, kvHeads, valueDim]
   * @param scale factor on the scores
   * @param window positions that a token sees, 0 for all
   * @return [tokens, heads, valueDim]
   */
  Expr attend(int layer, Expr query, Expr key, Expr value, float scale, int window);

  /**
   * Applies one block of a model, through which everything else flows. Training may keep no more of
   * a block than its input and compute it a second time, so that a block must do the same each
   * time.
   *
   * @param x [tokens, hidden]
   * @return [tokens, hidden]
   */
  default Expr block(Expr x, UnaryOperator<Expr> block) {
    return block.apply(x);
  }

  /** Shows a value to whoever inspects the model; does nothing in ordinary passes. */
  void observe(String name, Expr value);
}
