package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Statement.Body;
import dev.wick.tokenizers.jinja.Statement.Signature;
import dev.wick.tokenizers.jinja.Statement.Target;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Searches a macro's body for the special names that it reads before it assigns them. */
final class NameSearch {
  private final Set<String> wanted = new HashSet<>(List.of("caller", "kwargs", "varargs"));
  private final Set<String> found = new HashSet<>();
  private final Set<String> stored = new HashSet<>();

  private NameSearch() {}

  static NameSearch in(Body body) {
    NameSearch search = new NameSearch();
    search.visit(body);
    return search;
  }

  /** Whether the loop's own target or anything inside it assigns the name. */
  static boolean assigns(Statement.For loop, String name) {
    NameSearch search = new NameSearch();
    search.visit(loop);
    return search.stored.contains(name);
  }

  boolean finds(String name) {
    return found.contains(name);
  }

  private void visit(Body body) {
    body.statements().forEach(this::visit);
  }

  private void visit(Statement statement) {
    switch (statement) {
      case Statement.Print print -> print.values().forEach(this::visit);
      case Statement.Assign assign -> {
        visit(assign.target());
        visit(assign.value());
      }
      case Statement.AssignBlock block -> {
        visit(block.target());
        visit(block.captured());
        visit(block.body());
      }
      case Statement.If condition -> {
        visit(condition.test());
        visit(condition.body());
        condition.alternatives().forEach(this::visit);
        visit(condition.otherwise());
      }
      case Statement.For loop -> {
        visit(loop.target());
        visit(loop.iterable());
        visit(loop.body());
        visit(loop.otherwise());
        if (loop.test() != null) {
          visit(loop.test());
        }
      }
      case Statement.MacroDefinition macro -> {
        visit(macro.signature());
        visit(macro.body());
      }
      case Statement.CallBlock call -> {
        visit(call.call());
        visit(call.signature());
        visit(call.body());
      }
      case Statement.Generation generation -> visit(generation.body());
      case Statement.FilterBlock block -> {
        visit(block.body());
        visit(block.filtered());
      }
      case Statement.With with -> {
        with.targets().forEach(this::visit);
        with.values().forEach(this::visit);
        visit(with.body());
      }
      case Statement.Data _, Statement.Block _, Statement.Break _, Statement.Continue _ -> {}
    }
  }

  private void visit(Signature signature) {
    wanted.removeAll(signature.names());
    signature.defaults().forEach(this::visit);
  }

  private void visit(Target target) {
    switch (target) {
      case Target.Name name -> {
        stored.add(name.name());
        wanted.remove(name.name());
      }
      case Target.NamespaceAttribute _ -> {}
      case Target.Unpack unpack -> unpack.targets().forEach(this::visit);
    }
  }

  private void visit(Expression expression) {
    ExpressionWalk.walk(
        expression,
        node -> {
          if (node instanceof Expression.Name name && wanted.contains(name.name())) {
            found.add(name.name());
          }
        });
  }
}
