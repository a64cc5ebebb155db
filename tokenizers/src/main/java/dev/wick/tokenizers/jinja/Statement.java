package dev.wick.tokenizers.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The syntax tree of a template. */
sealed interface Statement {
  /** Line of the source, from 1. */
  int line();

  /** Statements in sequence; its identity keys the names that it declares. */
  final class Body {
    private final List<Statement> statements;

    Body(List<Statement> statements) {
      this.statements = List.copyOf(statements);
    }

    List<Statement> statements() {
      return statements;
    }
  }

  record Data(String text, int line) implements Statement {}

  record Print(List<Expression> values, int line) implements Statement {}

  record For(
      Target target,
      Expression iterable,
      @Nullable Expression test,
      boolean recursive,
      Body body,
      Body otherwise,
      int line)
      implements Statement {}

  record If(Expression test, Body body, List<If> alternatives, Body otherwise, int line)
      implements Statement {}

  record Assign(Target target, Expression value, int line) implements Statement {}

  /**
   * {@code {% set x | filter %}...{% endset %}}; the filters end at {@link Expression.Captured}.
   */
  record AssignBlock(Target target, Expression captured, Body body, int line)
      implements Statement {}

  record MacroDefinition(String name, Signature signature, Body body, int line)
      implements Statement {}

  record CallBlock(Signature signature, Expression.Call call, Body body, int line)
      implements Statement {}

  /** {@code {% generation %}}: a block whose extent in the output is recorded. */
  record Generation(Body body, int line) implements Statement {}

  record FilterBlock(Expression filtered, Body body, int line) implements Statement {}

  record With(List<Target> targets, List<Expression> values, Body body, int line)
      implements Statement {}

  record Block(String name, boolean scoped, boolean required, Body body, int line)
      implements Statement {}

  record Break(int line) implements Statement {}

  record Continue(int line) implements Statement {}

  /** Parameters of a macro; the defaults belong to the last ones. */
  record Signature(List<String> names, List<Expression> defaults) {}

  /** What can be assigned to. */
  sealed interface Target {
    record Name(String name) implements Target {}

    record NamespaceAttribute(String namespace, String attribute) implements Target {}

    record Unpack(List<Target> targets) implements Target {}
  }
}
