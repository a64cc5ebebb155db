package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Statement.Body;
import dev.wick.tokenizers.jinja.Statement.Target;

/**
 * Records the names that the statements of one scope load and store, not looking into inner scopes.
 */
final class SymbolCollector {
  void visit(Body body, Symbols symbols) {
    body.statements().forEach(statement -> visit(statement, symbols));
  }

  private void visit(Statement statement, Symbols symbols) {
    switch (statement) {
      case Statement.Print print -> print.values().forEach(value -> visit(value, symbols));
      case Statement.Assign assign -> {
        visit(assign.value(), symbols);
        visit(assign.target(), symbols);
      }
      case Statement.AssignBlock block -> visit(block.target(), symbols);
      case Statement.If condition -> visitIf(condition, symbols);
      case Statement.For loop -> visit(loop.iterable(), symbols);
      case Statement.MacroDefinition macro -> symbols.store(macro.name());
      case Statement.CallBlock call -> visit(call.call(), symbols);
      case Statement.FilterBlock block -> visit(block.filtered(), symbols);
      case Statement.With with -> with.values().forEach(value -> visit(value, symbols));
      case Statement.Data _,
          Statement.Generation _,
          Statement.Block _,
          Statement.Break _,
          Statement.Continue _ -> {}
    }
  }

  private void visitIf(Statement.If condition, Symbols symbols) {
    visit(condition.test(), symbols);
    Symbols then = symbols.copy();
    visit(condition.body(), then);
    Symbols alternatives = symbols.copy();
    condition.alternatives().forEach(alternative -> visitIf(alternative, alternatives));
    Symbols otherwise = symbols.copy();
    visit(condition.otherwise(), otherwise);
    symbols.merge(then, alternatives, otherwise);
  }

  void visit(Expression expression, Symbols symbols) {
    ExpressionWalk.walk(
        expression,
        node -> {
          if (node instanceof Expression.Name name) {
            symbols.load(name.name());
          }
        });
  }

  private void visit(Target target, Symbols symbols) {
    switch (target) {
      case Target.Name name -> symbols.store(name.name());
      case Target.NamespaceAttribute attribute -> symbols.load(attribute.namespace());
      case Target.Unpack unpack -> unpack.targets().forEach(item -> visit(item, symbols));
    }
  }

  void parameters(Target target, Symbols symbols) {
    switch (target) {
      case Target.Name name -> symbols.parameter(name.name());
      case Target.NamespaceAttribute attribute -> symbols.load(attribute.namespace());
      case Target.Unpack unpack -> unpack.targets().forEach(item -> parameters(item, symbols));
    }
  }
}
