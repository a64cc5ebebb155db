package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Statement.Body;
import dev.wick.tokenizers.jinja.Statement.Signature;
import dev.wick.tokenizers.jinja.Statement.Target;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parses the statements of a template. */
final class Parser {
  private static final int MAX_DEPTH = 80;

  private final TokenStream stream;
  private final ExpressionParser expressions;
  private final Deque<Token> open = new ArrayDeque<>();
  private final Set<String> blocks = new HashSet<>();

  private Parser(TokenStream stream) {
    this.stream = stream;
    this.expressions = new ExpressionParser(stream);
  }

  static Body parse(String source) {
    Parser parser = new Parser(new TokenStream(Lexer.tokenize(source)));
    return parser.body();
  }

  /**
   * Parses up to a tag with one of the given names, whose name becomes the current token, or to the
   * end.
   */
  private Body body(String... ends) {
    List<Statement> statements = new ArrayList<>();
    while (true) {
      Token token = stream.next();
      switch (token.type()) {
        case END -> {
          if (ends.length > 0) {
            throw unclosed(ends);
          }
          return new Body(statements);
        }
        case DATA -> statements.add(new Statement.Data(token.text(), token.line()));
        case PRINT_BEGIN -> {
          statements.add(
              new Statement.Print(List.of(expressions.tuple(false, true)), token.line()));
          stream.expect(TokenType.PRINT_END);
        }
        default -> {
          for (String end : ends) {
            if (stream.current().isName(end)) {
              return new Body(statements);
            }
          }
          statements.add(statement(ends));
          stream.expect(TokenType.BLOCK_END);
        }
      }
    }
  }

  private SyntaxError unclosed(String... ends) {
    Token tag = open.element();
    return new SyntaxError(
        "unexpected end of template, expected '%s' to close '%s' of line %d"
            .formatted(String.join("' or '", ends), tag.text(), tag.line()),
        stream.line());
  }

  /** Parses the rest of a tag, then statements up to one of the ends. */
  private Body block(String... ends) {
    stream.skipOperator(":");
    stream.expect(TokenType.BLOCK_END);
    return body(ends);
  }

  private Body closedBlock(String end) {
    Body body = block(end);
    stream.next();
    return body;
  }

  private Statement statement(String... ends) {
    Token tag = stream.current();
    if (!tag.is(TokenType.NAME)) {
      throw new SyntaxError("tag name expected, got '" + tag.describe() + "'", tag.line());
    }
    if (open.size() >= MAX_DEPTH) {
      throw new SyntaxError("expected at most " + MAX_DEPTH + " nested blocks", tag.line());
    }
    open.push(tag);
    stream.next();
    int line = tag.line();
    Statement statement =
        switch (tag.text()) {
          case "for" -> forLoop(line);
          case "if" -> conditional(line);
          case "set" -> set(line);
          case "macro" -> macro(line);
          case "call" -> call(line);
          case "filter" -> filter(line);
          case "with" -> with(line);
          case "block" -> namedBlock(line);
          case "print" -> print(line);
          case "generation" -> new Statement.Generation(closedBlock("endgeneration"), line);
          case "break" -> new Statement.Break(line);
          case "continue" -> new Statement.Continue(line);
          case "include", "import", "from", "extends" ->
              throw new SyntaxError(
                  "'" + tag.text() + "' needs a template loader, which chat templates lack", line);
          case "autoescape" -> throw new SyntaxError("'autoescape' is not supported", line);
          default ->
              throw new SyntaxError(
                  "unknown tag '"
                      + tag.text()
                      + "'"
                      + (ends.length == 0
                          ? ""
                          : ", expected '" + String.join("' or '", ends) + "'"),
                  line);
        };
    open.pop();
    return statement;
  }

  private Statement forLoop(int line) {
    Target target = target(false, "in");
    stream.expectName("in");
    Expression iterable = expressions.tuple(false, false, "recursive");
    Expression test = stream.skipName("if") ? expressions.expression() : null;
    boolean recursive = stream.skipName("recursive");
    Body body = block("endfor", "else");
    Body otherwise = new Body(List.of());
    if (stream.next().isName("else")) {
      otherwise = closedBlock("endfor");
    }
    return new Statement.For(target, iterable, test, recursive, body, otherwise, line);
  }

  private Statement conditional(int line) {
    Expression test = expressions.tuple(false, false);
    Body body = block("elif", "else", "endif");
    List<Statement.If> alternatives = new ArrayList<>();
    Body otherwise = new Body(List.of());
    while (stream.current().isName("elif")) {
      int at = stream.next().line();
      Expression condition = expressions.tuple(false, false);
      Body branch = block("elif", "else", "endif");
      alternatives.add(new Statement.If(condition, branch, List.of(), new Body(List.of()), at));
    }
    if (stream.next().isName("else")) {
      otherwise = closedBlock("endif");
    }
    return new Statement.If(test, body, alternatives, otherwise, line);
  }

  private Statement set(int line) {
    Target target = target(true);
    if (stream.skipOperator("=")) {
      return new Statement.Assign(target, expressions.tuple(false, true), line);
    }
    Expression captured = new Expression.Captured(line);
    while (stream.skipOperator("|")) {
      captured = expressions.filter(captured);
    }
    return new Statement.AssignBlock(target, captured, closedBlock("endset"), line);
  }

  private Statement macro(int line) {
    String name = stream.expect(TokenType.NAME).text();
    checkAssignable(name, line);
    Signature signature = signature();
    return new Statement.MacroDefinition(name, signature, closedBlock("endmacro"), line);
  }

  private Statement call(int line) {
    Signature signature =
        stream.current().isOperator("(") ? signature() : new Signature(List.of(), List.of());
    if (!(expressions.expression() instanceof Expression.Call call)) {
      throw new SyntaxError("expected call", line);
    }
    return new Statement.CallBlock(signature, call, closedBlock("endcall"), line);
  }

  private Signature signature() {
    List<String> names = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    stream.expectOperator("(");
    while (!stream.current().isOperator(")")) {
      if (!names.isEmpty()) {
        stream.expectOperator(",");
      }
      Token name = stream.expect(TokenType.NAME);
      checkAssignable(name.text(), name.line());
      if (names.contains(name.text())) {
        throw new SyntaxError("duplicate argument '" + name.text() + "'", name.line());
      }
      names.add(name.text());
      if (stream.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw new SyntaxError("non-default argument follows default argument", name.line());
      }
    }
    stream.expectOperator(")");
    return new Signature(names, defaults);
  }

  private Statement filter(int line) {
    Expression filtered = expressions.filter(new Expression.Captured(line));
    while (stream.skipOperator("|")) {
      filtered = expressions.filter(filtered);
    }
    return new Statement.FilterBlock(filtered, closedBlock("endfilter"), line);
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!stream.current().is(TokenType.BLOCK_END)) {
      if (!targets.isEmpty()) {
        stream.expectOperator(",");
      }
      targets.add(target(false));
      stream.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Statement.With(targets, values, closedBlock("endwith"), line);
  }

  private Statement namedBlock(int line) {
    String name = stream.expect(TokenType.NAME).text();
    if (!blocks.add(name)) {
      throw new SyntaxError("block '" + name + "' defined twice", line);
    }
    boolean scoped = stream.skipName("scoped");
    boolean required = stream.skipName("required");
    Body body = closedBlock("endblock");
    stream.skipName(name);
    return new Statement.Block(name, scoped, required, body, line);
  }

  private Statement print(int line) {
    List<Expression> values = new ArrayList<>();
    while (!stream.current().is(TokenType.BLOCK_END)) {
      if (!values.isEmpty()) {
        stream.expectOperator(",");
      }
      values.add(expressions.expression());
    }
    return new Statement.Print(values, line);
  }

  /** Parses a name, or several with commas between them, or the attribute of a namespace. */
  private Target target(boolean attributes, String... ends) {
    int line = stream.line();
    List<Target> targets = new ArrayList<>();
    boolean tuple = false;
    while (true) {
      if (!targets.isEmpty()) {
        stream.expectOperator(",");
      }
      if (expressions.isTupleEnd(ends)) {
        break;
      }
      targets.add(primaryTarget(attributes));
      if (!stream.current().isOperator(",")) {
        break;
      }
      tuple = true;
    }
    if (targets.isEmpty()) {
      throw new SyntaxError(
          "expected an assignment target, got '" + stream.current().describe() + "'", line);
    }
    return tuple ? new Target.Unpack(targets) : targets.getFirst();
  }

  private Target primaryTarget(boolean attributes) {
    Token token = stream.current();
    if (attributes && token.is(TokenType.NAME) && stream.look().isOperator(".")) {
      checkAssignable(token.text(), token.line());
      stream.next();
      stream.next();
      return new Target.NamespaceAttribute(token.text(), stream.expect(TokenType.NAME).text());
    }
    return asTarget(expressions.primary());
  }

  private Target asTarget(Expression expression) {
    return switch (expression) {
      case Expression.Name name -> {
        checkAssignable(name.name(), name.line());
        yield new Target.Name(name.name());
      }
      case Expression.TupleLiteral tuple ->
          new Target.Unpack(tuple.items().stream().map(this::asTarget).toList());
      default ->
          throw new SyntaxError(
              "can't assign to '"
                  + expression.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT)
                  + "'",
              expression.line());
    };
  }

  private void checkAssignable(String name, int line) {
    switch (name) {
      case "true", "false", "none", "True", "False", "None" ->
          throw new SyntaxError("can't assign to '" + name + "'", line);
      default -> {}
    }
  }
}
