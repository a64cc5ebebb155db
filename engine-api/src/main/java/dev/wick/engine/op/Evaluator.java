package dev.wick.engine.op;

import java.util.List;

/** What happens when an operation is applied: it runs at once, or becomes part of a program. */
public interface Evaluator {
  /**
   * Whether applying an operation only notes it down; such an evaluator wins over one that runs at
   * once.
   */
  boolean isSymbolic();

  /**
   * Applies an operation.
   *
   * @throws IllegalArgumentException if the operands do not fit
   */
  List<Expr> apply(Op op, List<Expr> operands);
}
