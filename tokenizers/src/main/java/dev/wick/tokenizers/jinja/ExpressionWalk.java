package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Expression.CallArguments;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Visits every node of an expression, in the order of the source. */
final class ExpressionWalk {
  /**
   * Chains such as {@code a + b + c} nest without brackets, so that the parser does not bound them.
   */
  private static final int MAX_DEPTH = 300;

  private final Consumer<Expression> visitor;
  private int depth;

  private ExpressionWalk(Consumer<Expression> visitor) {
    this.visitor = visitor;
  }

  static void walk(Expression expression, Consumer<Expression> visitor) {
    new ExpressionWalk(visitor).visit(expression);
  }

  private void visit(@Nullable Expression expression) {
    if (expression == null) {
      return;
    }
    if (++depth > MAX_DEPTH) {
      throw new SyntaxError(
          "expected at most " + MAX_DEPTH + " nested expressions", expression.line());
    }
    visitor.accept(expression);
    children(expression);
    depth--;
  }

  private void children(Expression expression) {
    switch (expression) {
      case Expression.Literal _, Expression.Name _, Expression.Captured _ -> {}
      case Expression.TupleLiteral tuple -> tuple.items().forEach(this::visit);
      case Expression.ListLiteral list -> list.items().forEach(this::visit);
      case Expression.DictLiteral dict ->
          dict.pairs()
              .forEach(
                  pair -> {
                    visit(pair.key());
                    visit(pair.value());
                  });
      case Expression.Attribute attribute -> visit(attribute.target());
      case Expression.Item item -> {
        visit(item.target());
        visit(item.key());
      }
      case Expression.Slice slice -> {
        visit(slice.target());
        visit(slice.start());
        visit(slice.stop());
        visit(slice.step());
      }
      case Expression.Call call -> {
        visit(call.target());
        arguments(call.arguments());
      }
      case Expression.Filter filter -> {
        visit(filter.target());
        arguments(filter.arguments());
      }
      case Expression.Test test -> {
        visit(test.target());
        arguments(test.arguments());
      }
      case Expression.Unary unary -> visit(unary.operand());
      case Expression.Not not -> visit(not.operand());
      case Expression.Binary binary -> both(binary.left(), binary.right());
      case Expression.And and -> both(and.left(), and.right());
      case Expression.Or or -> both(or.left(), or.right());
      case Expression.Compare compare -> {
        visit(compare.first());
        compare.operands().forEach(operand -> visit(operand.value()));
      }
      case Expression.Concat concat -> concat.parts().forEach(this::visit);
      case Expression.Conditional conditional -> {
        visit(conditional.test());
        visit(conditional.then());
        visit(conditional.otherwise());
      }
    }
  }

  private void both(Expression left, Expression right) {
    visit(left);
    visit(right);
  }

  private void arguments(CallArguments arguments) {
    arguments.positional().forEach(this::visit);
    arguments.keywords().forEach(keyword -> visit(keyword.value()));
    visit(arguments.moreArguments());
    visit(arguments.moreKeywords());
  }
}
