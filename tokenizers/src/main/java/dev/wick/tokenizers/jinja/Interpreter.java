package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Statement.Body;
import dev.wick.tokenizers.jinja.Statement.Signature;
import dev.wick.tokenizers.jinja.Statement.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs statements. */
final class Interpreter {
  /** How a sequence of statements ended. */
  enum Signal {
    NORMAL,
    BREAK,
    CONTINUE
  }

  private final Rendering rendering;
  private final Budget budget;
  private final Evaluator evaluator;

  Interpreter(Rendering rendering) {
    this.rendering = rendering;
    this.budget = rendering.budget();
    this.evaluator = new Evaluator(rendering);
  }

  Signal run(Body body, Frame frame, Output out) {
    for (Statement statement : body.statements()) {
      budget.step();
      budget.enter();
      rendering.at(statement.line());
      Signal signal = run(statement, frame, out);
      budget.exit();
      if (signal != Signal.NORMAL) {
        return signal;
      }
    }
    return Signal.NORMAL;
  }

  private Signal run(Statement statement, Frame frame, Output out) {
    switch (statement) {
      case Statement.Data data -> out.append(data.text());
      case Statement.Print print -> print(print, frame, out);
      case Statement.Assign assign -> assign(assign, frame);
      case Statement.If condition -> {
        return choose(condition, frame, out);
      }
      case Statement.For loop -> {
        return loop(loop, frame, out);
      }
      case Statement.AssignBlock block -> {
        return assignBlock(block, frame);
      }
      case Statement.FilterBlock block -> {
        return filterBlock(block, frame, out);
      }
      case Statement.With with -> {
        return with(with, frame, out);
      }
      case Statement.MacroDefinition definition -> {
        Macro macro = macro(definition.name(), definition.signature(), definition.body(), frame);
        store(definition.name(), macro, frame);
      }
      case Statement.CallBlock block -> {
        Macro caller = macro(null, block.signature(), block.body(), frame);
        out.append(PythonText.str(evaluator.call(block.call(), frame, caller)));
      }
      case Statement.Generation generation -> generate(generation, frame, out);
      case Statement.Block block -> block(block, frame, out);
      case Statement.Break _ -> {
        return Signal.BREAK;
      }
      case Statement.Continue _ -> {
        return Signal.CONTINUE;
      }
    }
    return Signal.NORMAL;
  }

  private void print(Statement.Print print, Frame frame, Output out) {
    for (Expression value : print.values()) {
      out.append(PythonText.str(evaluator.evaluate(value, frame)));
    }
  }

  private Signal choose(Statement.If condition, Frame frame, Output out) {
    if (Types.truth(evaluator.evaluate(condition.test(), frame))) {
      return run(condition.body(), frame, out);
    }
    for (Statement.If alternative : condition.alternatives()) {
      if (Types.truth(evaluator.evaluate(alternative.test(), frame))) {
        return run(alternative.body(), frame, out);
      }
    }
    return run(condition.otherwise(), frame, out);
  }

  private void assign(Statement.Assign assign, Frame frame) {
    checkNamespaces(assign.target(), frame);
    assign(assign.target(), evaluator.evaluate(assign.value(), frame), frame);
  }

  private void checkNamespaces(Target target, Frame frame) {
    switch (target) {
      case Target.Name _ -> {}
      case Target.NamespaceAttribute attribute -> namespace(attribute, frame);
      case Target.Unpack unpack -> unpack.targets().forEach(item -> checkNamespaces(item, frame));
    }
  }

  private static Namespace namespace(Target.NamespaceAttribute attribute, Frame frame) {
    if (frame.get(attribute.namespace()) instanceof Namespace namespace) {
      return namespace;
    }
    throw PythonError.failure("cannot assign attribute on non-namespace object");
  }

  private void assign(Target target, Object value, Frame frame) {
    switch (target) {
      case Target.Name name -> store(name.name(), value, frame);
      case Target.NamespaceAttribute attribute -> {
        // A set block may fill a dict too: jinja2 checks only plain assignments.
        if (frame.get(attribute.namespace()) instanceof Dict dict) {
          dict.put(attribute.attribute(), value);
        } else {
          namespace(attribute, frame).attributes().put(attribute.attribute(), value);
        }
      }
      case Target.Unpack unpack -> {
        List<Object> items = unpack(value, unpack.targets().size());
        for (int i = 0; i < items.size(); i++) {
          assign(unpack.targets().get(i), items.get(i), frame);
        }
      }
    }
  }

  private List<Object> unpack(Object value, int count) {
    if (!Types.isIterable(value)) {
      throw PythonError.type("cannot unpack non-iterable %s object".formatted(Types.name(value)));
    }
    Iterator<Object> items = Types.iterate(value);
    List<Object> result = new ArrayList<>(count);
    while (result.size() < count && items.hasNext()) {
      result.add(items.next());
    }
    if (result.size() < count) {
      throw PythonError.value(
          "not enough values to unpack (expected %d, got %d)".formatted(count, result.size()));
    }
    if (items.hasNext()) {
      throw PythonError.value("too many values to unpack (expected %d)".formatted(count));
    }
    return result;
  }

  private void store(String name, Object value, Frame frame) {
    frame.set(name, value);
    if (frame.isRoot()) {
      rendering.export(name, value);
    }
  }

  private Signal assignBlock(Statement.AssignBlock block, Frame frame) {
    Frame inner = Frame.enter(rendering.symbols(block.body()), frame, rendering);
    Output captured = new Output(budget);
    Signal signal = run(block.body(), inner, captured);
    if (signal == Signal.NORMAL) {
      Object value = evaluator.evaluate(block.captured(), inner, captured.toString());
      assign(block.target(), value, frame);
    }
    return signal;
  }

  private Signal filterBlock(Statement.FilterBlock block, Frame frame, Output out) {
    Frame inner = Frame.enter(rendering.symbols(block.body()), frame, rendering);
    Output captured = new Output(budget);
    Signal signal = run(block.body(), inner, captured);
    if (signal == Signal.NORMAL) {
      out.append(PythonText.str(evaluator.evaluate(block.filtered(), inner, captured.toString())));
    }
    return signal;
  }

  private Signal with(Statement.With with, Frame frame, Output out) {
    Frame inner = Frame.enter(rendering.symbols(with.body()), frame, rendering);
    for (int i = 0; i < with.targets().size(); i++) {
      assign(with.targets().get(i), evaluator.evaluate(with.values().get(i), frame), inner);
    }
    return run(with.body(), inner, out);
  }

  private void block(Statement.Block block, Frame frame, Output out) {
    if (block.required()) {
      throw PythonError.failure("Required block '%s' not found".formatted(block.name()));
    }
    Map<String, Object> visible = new HashMap<>(rendering.exported());
    if (block.scoped()) {
      visible.putAll(frame.assigned());
    }
    Map<String, Object> former = rendering.exchangeExported(visible);
    run(block.body(), Frame.enter(rendering.symbols(block.body()), null, rendering), out);
    rendering.exchangeExported(former);
  }

  private void generate(Statement.Generation generation, Frame frame, Output out) {
    Macro body = macro("caller", new Signature(List.of(), List.of()), generation.body(), frame);
    String text = PythonText.str(call(body, Arguments.EMPTY));
    rendering.recordSpan(Texts.length(text));
    out.append(text);
  }

  private Signal loop(Statement.For loop, Frame frame, Output out) {
    Object iterable = evaluator.evaluate(loop.iterable(), frame);
    if (!loop.recursive()) {
      return iterate(loop, iterable, frame, out, 0);
    }
    out.append(recurse(loop, iterable, frame, 0));
    return Signal.NORMAL;
  }

  private String recurse(Statement.For loop, Object iterable, Frame frame, int depth) {
    budget.enter();
    Output out = new Output(budget);
    iterate(loop, iterable, frame, out, depth);
    budget.exit();
    return out.toString();
  }

  private Signal iterate(Statement.For loop, Object iterable, Frame frame, Output out, int depth) {
    Object items =
        loop.test() == null
            ? iterable
            : new Generator("generator", filtered(loop, loop.test(), iterable, frame), budget);
    LoopContext context =
        new LoopContext(
            items,
            Types.iterate(items),
            depth,
            loop.recursive() ? (inner, level) -> recurse(loop, inner, frame, level) : null,
            budget);
    Symbols symbols = rendering.symbols(loop.body());
    boolean completed = false;
    for (Object item = context.advance(); item != null; item = context.advance()) {
      budget.step();
      Frame inner = Frame.enter(symbols, frame, rendering);
      inner.set("loop", context);
      assign(loop.target(), item, inner);
      Signal signal = run(loop.body(), inner, out);
      completed |= signal == Signal.NORMAL;
      if (signal == Signal.BREAK) {
        break;
      }
    }
    // As in jinja2, the else branch follows unless one pass came to its end: a break does not
    // prevent it.
    return completed
        ? Signal.NORMAL
        : run(
            loop.otherwise(),
            Frame.enter(rendering.symbols(loop.otherwise()), frame, rendering),
            out);
  }

  /**
   * Returns the items of a loop that pass its condition, tested one by one as the loop asks for
   * them.
   */
  private Iterator<Object> filtered(
      Statement.For loop, Expression test, Object iterable, Frame frame) {
    Frame inner = Frame.enter(rendering.symbols(test), frame, rendering);
    return new FilteredIterator(
        Types.iterate(iterable),
        item -> {
          budget.step();
          assign(loop.target(), item, inner);
          return Types.truth(evaluator.evaluate(test, inner));
        });
  }

  private Macro macro(
      @org.jspecify.annotations.Nullable String name, Signature signature, Body body, Frame frame) {
    return new Macro(name, signature, body, rendering.symbols(body), frame);
  }

  /**
   * Calls a macro: positional arguments, then keywords, then defaults, then the special variables.
   */
  Object call(Macro macro, Arguments arguments) {
    budget.enter();
    Frame frame = Frame.enter(macro.symbols(), macro.closure(), rendering);
    List<String> names = macro.signature().names();
    List<Object> positional = arguments.positional();
    Map<String, Object> keywords = new LinkedHashMap<>(arguments.keywords());
    for (int i = 0; i < names.size(); i++) {
      Object value = i < positional.size() ? positional.get(i) : keywords.remove(names.get(i));
      if (value != null) {
        frame.set(names.get(i), value);
      }
    }
    bindSpecial(macro, positional, keywords, frame);
    bindDefaults(macro.signature(), frame);
    Output out = new Output(budget);
    run(macro.body(), frame, out);
    budget.exit();
    return out.toString();
  }

  private void bindSpecial(
      Macro macro, List<Object> positional, Map<String, Object> keywords, Frame frame) {
    if (macro.readsCaller()) {
      Object caller = keywords.remove("caller");
      frame.set(
          "caller",
          caller == null || caller == None.NONE ? Undefined.hint("No caller defined") : caller);
    }
    int count = macro.signature().names().size();
    if (macro.takesKeywords()) {
      Dict rest = new Dict();
      keywords.forEach(rest::put);
      frame.set("kwargs", rest);
    } else if (!keywords.isEmpty()) {
      throw PythonError.type(
          "macro %s takes no keyword argument %s"
              .formatted(macro.describe(), PythonText.repr(keywords.keySet().iterator().next())));
    }
    if (macro.takesMore()) {
      List<Object> rest =
          positional.size() > count ? positional.subList(count, positional.size()) : List.of();
      frame.set("varargs", Tuple.of(rest));
    } else if (positional.size() > count) {
      throw PythonError.type(
          "macro %s takes not more than %d argument(s)".formatted(macro.describe(), count));
    }
  }

  private void bindDefaults(Signature signature, Frame frame) {
    int required = signature.names().size() - signature.defaults().size();
    for (int i = 0; i < signature.names().size(); i++) {
      String name = signature.names().get(i);
      if (frame.get(name) == null) {
        frame.set(
            name,
            i < required
                ? Undefined.hint("parameter '" + name + "' was not provided")
                : evaluator.evaluate(signature.defaults().get(i - required), frame));
      }
    }
  }
}
