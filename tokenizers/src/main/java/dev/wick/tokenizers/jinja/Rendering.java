package dev.wick.tokenizers.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The state of one rendering. One thread at a time. */
final class Rendering {
  private final IdentityHashMap<Object, Symbols> scopes;
  private final Map<String, Object> variables;
  private final Clock clock;
  private final Budget budget;
  private final Output output;
  private final Interpreter interpreter;
  private final List<Rendered.Span> spans = new ArrayList<>();
  private Map<String, Object> exported = new HashMap<>();
  private int line = 1;

  Rendering(
      IdentityHashMap<Object, Symbols> scopes,
      Map<String, Object> variables,
      TemplateOptions options) {
    this.scopes = scopes;
    this.variables = variables;
    this.clock = options.clock();
    this.budget = new Budget(options.limits());
    this.output = new Output(budget);
    this.interpreter = new Interpreter(this);
  }

  Rendered render(Statement.Body template) {
    interpreter.run(template, Frame.enter(symbols(template), null, this), output);
    return new Rendered(output.toString(), spans);
  }

  Budget budget() {
    return budget;
  }

  Clock clock() {
    return clock;
  }

  /** Returns the names of a scope, by the key that {@link ScopeAnalysis} gave it. */
  Symbols symbols(Object key) {
    Symbols symbols = scopes.get(key);
    if (symbols == null) {
      throw new IllegalStateException("jinja: a scope was not analysed");
    }
    return symbols;
  }

  /** Returns a variable of the context or a global, or null. */
  @Nullable Object resolve(String name) {
    Object value = exported.get(name);
    if (value == null) {
      value = variables.get(name);
    }
    return value == null ? Globals.find(name) : value;
  }

  void export(String name, Object value) {
    exported.put(name, value);
  }

  /** Replaces the exported variables, which named blocks see, and returns the former. */
  Map<String, Object> exchangeExported(Map<String, Object> replacement) {
    Map<String, Object> former = exported;
    exported = replacement;
    return former;
  }

  Map<String, Object> exported() {
    return exported;
  }

  /**
   * Records that a generation block rendered so many code points at the current end of the output.
   */
  void recordSpan(int length) {
    spans.add(new Rendered.Span(output.length(), output.length() + length));
  }

  /** Notes the line that is being evaluated, for messages. */
  void at(int line) {
    this.line = line;
  }

  int line() {
    return line;
  }

  Object call(Object callee, Arguments arguments) {
    budget.step();
    arguments.positional().forEach(budget::touch);
    return switch (callee) {
      case Function function -> function.body().call(this, arguments);
      case Macro macro -> interpreter.call(macro, arguments);
      case LoopContext loop -> loop.call(arguments);
      case Joiner joiner -> joiner.call();
      case Undefined undefined -> throw undefined.error();
      default ->
          throw PythonError.type("'%s' object is not callable".formatted(Types.name(callee)));
    };
  }
}
