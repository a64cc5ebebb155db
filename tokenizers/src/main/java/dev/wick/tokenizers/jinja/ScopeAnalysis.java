package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Statement.Body;
import dev.wick.tokenizers.jinja.Statement.Signature;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the {@link Symbols} of every scope of a template, and rejects what jinja2 rejects when it
 * compiles.
 */
final class ScopeAnalysis {
  private final IdentityHashMap<Object, Symbols> scopes = new IdentityHashMap<>();
  private final SymbolCollector collector = new SymbolCollector();

  private ScopeAnalysis() {}

  /** Returns the scopes by their {@link Body}; that of a loop's condition by its expression. */
  static IdentityHashMap<Object, Symbols> analyze(Body template) {
    ScopeAnalysis analysis = new ScopeAnalysis();
    Symbols root = analysis.scope(template, template, null);
    analysis.descend(template, root, new Position(false, false));
    return analysis.scopes;
  }

  /**
   * Where a statement stands.
   *
   * @param optional in a branch of a conditional, where an unknown filter matters only once reached
   * @param inLoop in a loop of the same function
   */
  private record Position(boolean optional, boolean inLoop) {
    Position inner() {
      return new Position(false, inLoop);
    }

    Position branch() {
      return new Position(true, inLoop);
    }
  }

  private Symbols scope(Object key, Body body, @Nullable Symbols parent) {
    Symbols symbols = new Symbols(parent);
    scopes.put(key, symbols);
    collector.visit(body, symbols);
    return symbols;
  }

  private void descend(Body body, Symbols symbols, Position position) {
    for (Statement statement : body.statements()) {
      descend(statement, symbols, position);
    }
  }

  private void descend(Statement statement, Symbols symbols, Position position) {
    switch (statement) {
      case Statement.Data _ -> {}
      case Statement.Print print ->
          print.values().forEach(value -> NameCheck.check(value, position.optional()));
      case Statement.Assign assign -> NameCheck.check(assign.value(), position.optional());
      case Statement.If condition -> branches(condition, symbols, position.branch());
      case Statement.For loop -> loop(loop, symbols, position);
      case Statement.AssignBlock block -> {
        Symbols inner = scope(block.body(), block.body(), symbols);
        collector.visit(block.captured(), inner);
        NameCheck.check(block.captured(), false);
        descend(block.body(), inner, position.inner());
      }
      case Statement.FilterBlock block -> {
        Symbols inner = scope(block.body(), block.body(), symbols);
        collector.visit(block.filtered(), inner);
        NameCheck.check(block.filtered(), false);
        descend(block.body(), inner, position.inner());
      }
      case Statement.With with -> with(with, symbols, position);
      case Statement.MacroDefinition macro ->
          function(macro.signature(), macro.body(), symbols, macro.line());
      case Statement.CallBlock call -> {
        NameCheck.check(call.call(), position.optional());
        function(call.signature(), call.body(), symbols, call.line());
      }
      case Statement.Generation generation ->
          function(
              new Signature(List.of(), List.of()), generation.body(), symbols, generation.line());
      case Statement.Block block ->
          descend(
              block.body(), scope(block.body(), block.body(), null), new Position(false, false));
      case Statement.Break _, Statement.Continue _ -> {
        if (!position.inLoop()) {
          throw new SyntaxError("'break' and 'continue' belong in a loop", statement.line());
        }
      }
    }
  }

  private void branches(Statement.If condition, Symbols symbols, Position position) {
    NameCheck.check(condition.test(), true);
    descend(condition.body(), symbols, position);
    condition.alternatives().forEach(alternative -> branches(alternative, symbols, position));
    descend(condition.otherwise(), symbols, position);
  }

  private void loop(Statement.For loop, Symbols symbols, Position position) {
    NameCheck.check(loop.iterable(), position.optional());
    if (NameSearch.assigns(loop, "loop")) {
      throw new SyntaxError(
          "can't assign to the special variable 'loop' in a for loop", loop.line());
    }
    Symbols inner = new Symbols(symbols);
    scopes.put(loop.body(), inner);
    inner.parameter("loop");
    collector.parameters(loop.target(), inner);
    collector.visit(loop.body(), inner);
    Symbols otherwise = scope(loop.otherwise(), loop.otherwise(), symbols);
    if (loop.test() != null) {
      Symbols test = new Symbols(symbols);
      scopes.put(loop.test(), test);
      collector.parameters(loop.target(), test);
      collector.visit(loop.test(), test);
      NameCheck.check(loop.test(), false);
    }
    descend(loop.body(), inner, new Position(false, true));
    descend(
        loop.otherwise(), otherwise, new Position(false, position.inLoop() && !loop.recursive()));
  }

  private void with(Statement.With with, Symbols symbols, Position position) {
    with.values().forEach(value -> NameCheck.check(value, position.optional()));
    Symbols inner = new Symbols(symbols);
    scopes.put(with.body(), inner);
    with.targets().forEach(target -> collector.parameters(target, inner));
    collector.visit(with.body(), inner);
    descend(with.body(), inner, position.inner());
  }

  private void function(Signature signature, Body body, Symbols symbols, int line) {
    Symbols inner = new Symbols(symbols);
    scopes.put(body, inner);
    signature.names().forEach(inner::parameter);
    signature.defaults().forEach(value -> collector.visit(value, inner));
    signature.defaults().forEach(value -> NameCheck.check(value, false));
    collector.visit(body, inner);
    NameSearch search = NameSearch.in(body);
    if (search.finds("caller")) {
      int index = signature.names().indexOf("caller");
      if (index >= 0 && index < signature.names().size() - signature.defaults().size()) {
        throw new SyntaxError(
            "the special argument 'caller' must be omitted or given a default", line);
      }
      inner.parameter("caller");
    }
    for (String special : List.of("kwargs", "varargs")) {
      if (search.finds(special)) {
        inner.parameter(special);
      }
    }
    descend(body, inner, new Position(false, false));
  }
}
