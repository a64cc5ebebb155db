package dev.wick.engine.op;

import java.util.List;

/** What happens when an operation is applied: it runs at once, or becomes part of a program. */
public interface Evaluator {
  /**
   * Decides who applies an operation to values of several evaluators: the highest. 0 runs at once,
   * 1 notes down, more stands over another evaluator and passes operations on to it.
   */
  int precedence();

  /**
   * A value as one of this evaluator's own, for example a tensor as a constant of a trace. Computes
   * nothing; a value that is its own already stays as it is.
   *
   * @throws IllegalArgumentException if the value cannot take part
   */
  Expr adopt(Expr value);

  /**
   * Applies an operation.
   *
   * @throws IllegalArgumentException if the operands do not fit
   */
  List<Expr> apply(Op op, List<Expr> operands);
}
