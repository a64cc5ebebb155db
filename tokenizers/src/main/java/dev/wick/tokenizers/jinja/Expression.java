package dev.wick.tokenizers.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The syntax tree of an expression. */
sealed interface Expression {
  /** Line of the source, from 1. */
  int line();

  record Literal(Object value, int line) implements Expression {}

  record Name(String name, int line) implements Expression {}

  record TupleLiteral(List<Expression> items, int line) implements Expression {}

  record ListLiteral(List<Expression> items, int line) implements Expression {}

  record DictLiteral(List<Pair> pairs, int line) implements Expression {}

  /** {@code key: value} in a dict. */
  record Pair(Expression key, Expression value) {}

  record Attribute(Expression target, String name, int line) implements Expression {}

  record Item(Expression target, Expression key, int line) implements Expression {}

  record Slice(
      Expression target,
      @Nullable Expression start,
      @Nullable Expression stop,
      @Nullable Expression step,
      int line)
      implements Expression {}

  record Call(Expression target, CallArguments arguments, int line) implements Expression {}

  /** {@code target|name(...)}; in a filter block the target is {@link Captured}. */
  record Filter(Expression target, String name, CallArguments arguments, int line)
      implements Expression {}

  /** The text that a filter block or a set block has rendered. */
  record Captured(int line) implements Expression {}

  record Test(Expression target, String name, CallArguments arguments, int line)
      implements Expression {}

  record Unary(String operator, Expression operand, int line) implements Expression {}

  record Not(Expression operand, int line) implements Expression {}

  record Binary(String operator, Expression left, Expression right, int line)
      implements Expression {}

  record And(Expression left, Expression right, int line) implements Expression {}

  record Or(Expression left, Expression right, int line) implements Expression {}

  record Compare(Expression first, List<Operand> operands, int line) implements Expression {}

  /** One link of a chained comparison. */
  record Operand(String operator, Expression value) {}

  record Concat(List<Expression> parts, int line) implements Expression {}

  record Conditional(Expression test, Expression then, @Nullable Expression otherwise, int line)
      implements Expression {}

  /** The arguments of a call, filter or test as written. */
  record CallArguments(
      List<Expression> positional,
      List<Keyword> keywords,
      @Nullable Expression moreArguments,
      @Nullable Expression moreKeywords) {
    boolean isEmpty() {
      return positional.isEmpty()
          && keywords.isEmpty()
          && moreArguments == null
          && moreKeywords == null;
    }

    static final CallArguments EMPTY = new CallArguments(List.of(), List.of(), null, null);
  }

  /** {@code name=value} in a call. */
  record Keyword(String name, Expression value) {}
}
