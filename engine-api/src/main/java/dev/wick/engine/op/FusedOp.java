package dev.wick.engine.op;

import java.util.List;

/**
 * An operation with a definition in terms of others. The definition is the fallback on a device
 * that lacks a kernel, the gradient unless a fused gradient is named, and the oracle of its test.
 */
public non-sealed interface FusedOp extends Op {
  /**
   * The results in terms of simpler operations; may contain other fused operations.
   *
   * @param operands as many as {@link #infer} accepted
   */
  List<Expr> decompose(List<Expr> operands);
}
