package dev.wick.engine.op;

import java.util.Map;

/**
 * A fused operation that names its gradient, where the one inherited from its decomposition would
 * be slower or would keep more in memory.
 *
 * <p>The gradient is written in operations like any other expression, often a fused one of its own:
 * {@code RmsNormGradient} for {@code RmsNorm}. It computes nothing that is not wanted.
 */
public interface DifferentiableOp extends FusedOp {
  /**
   * Gradients of the operands: for each that {@linkplain Backward#wants is wanted}, its index and
   * the F32 gradient in the operand's shape. An operand that does not influence any result may be
   * left out.
   */
  Map<Integer, Expr> gradient(Backward backward);
}
