package dev.wick.tokenizers.jinja;

import java.util.IdentityHashMap;

/**
 * Rejects filters and tests that do not exist, except where a condition may keep them from being
 * reached.
 */
final class NameCheck {
  private NameCheck() {}

  static void check(Expression expression, boolean optional) {
    if (optional) {
      return;
    }
    IdentityHashMap<Expression, Boolean> conditional = new IdentityHashMap<>();
    ExpressionWalk.walk(
        expression,
        node -> {
          if (node instanceof Expression.Conditional) {
            ExpressionWalk.walk(node, inner -> conditional.put(inner, true));
          }
          if (!conditional.containsKey(node)) {
            check(node);
          }
        });
  }

  private static void check(Expression node) {
    if (node instanceof Expression.Filter filter && !Filters.exists(filter.name())) {
      throw new SyntaxError("no filter named '" + filter.name() + "'", filter.line());
    }
    if (node instanceof Expression.Test test && !Tests.exists(test.name())) {
      throw new SyntaxError("no test named '" + test.name() + "'", test.line());
    }
  }
}
