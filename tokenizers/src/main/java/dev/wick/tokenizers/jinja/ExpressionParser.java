package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Expression.CallArguments;
import dev.wick.tokenizers.jinja.Expression.Keyword;
import dev.wick.tokenizers.jinja.Expression.Operand;
import dev.wick.tokenizers.jinja.Expression.Pair;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Parses expressions by recursive descent, in jinja2's order of precedence. */
final class ExpressionParser {
  private static final int MAX_DEPTH = 80;

  private final TokenStream stream;
  private int depth;

  ExpressionParser(TokenStream stream) {
    this.stream = stream;
  }

  Expression expression() {
    if (++depth > MAX_DEPTH) {
      throw new SyntaxError("expected at most " + MAX_DEPTH + " nested expressions", stream.line());
    }
    Expression result = conditional();
    depth--;
    return result;
  }

  /** Parses an expression that a following {@code if} does not belong to. */
  Expression unconditional() {
    return or();
  }

  private Expression conditional() {
    int line = stream.line();
    Expression then = or();
    while (stream.skipName("if")) {
      Expression test = or();
      Expression otherwise = stream.skipName("else") ? expression() : null;
      then = new Expression.Conditional(test, then, otherwise, line);
      line = stream.line();
    }
    return then;
  }

  private Expression or() {
    int line = stream.line();
    Expression left = and();
    while (stream.skipName("or")) {
      left = new Expression.Or(left, and(), line);
      line = stream.line();
    }
    return left;
  }

  private Expression and() {
    int line = stream.line();
    Expression left = not();
    while (stream.skipName("and")) {
      left = new Expression.And(left, not(), line);
      line = stream.line();
    }
    return left;
  }

  private Expression not() {
    int line = stream.line();
    int count = 0;
    while (stream.skipName("not")) {
      count++;
    }
    Expression result = compare();
    for (int i = 0; i < count; i++) {
      result = new Expression.Not(result, line);
    }
    return result;
  }

  private Expression compare() {
    int line = stream.line();
    Expression first = sum();
    List<Operand> operands = new ArrayList<>();
    while (true) {
      Token token = stream.current();
      if (token.is(TokenType.OPERATOR) && isComparison(token.text())) {
        stream.next();
        operands.add(new Operand(token.text(), sum()));
      } else if (stream.skipName("in")) {
        operands.add(new Operand("in", sum()));
      } else if (token.isName("not") && stream.look().isName("in")) {
        stream.next();
        stream.next();
        operands.add(new Operand("not in", sum()));
      } else {
        return operands.isEmpty() ? first : new Expression.Compare(first, operands, line);
      }
    }
  }

  private static boolean isComparison(String operator) {
    return switch (operator) {
      case "==", "!=", "<", "<=", ">", ">=" -> true;
      default -> false;
    };
  }

  private Expression sum() {
    int line = stream.line();
    Expression left = concat();
    while (stream.current().isOperator("+") || stream.current().isOperator("-")) {
      String operator = stream.next().text();
      left = new Expression.Binary(operator, left, concat(), line);
      line = stream.line();
    }
    return left;
  }

  private Expression concat() {
    int line = stream.line();
    Expression first = product();
    if (!stream.current().isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (stream.skipOperator("~")) {
      parts.add(product());
    }
    return new Expression.Concat(parts, line);
  }

  private Expression product() {
    int line = stream.line();
    Expression left = power();
    while (stream.current().is(TokenType.OPERATOR) && isProduct(stream.current().text())) {
      String operator = stream.next().text();
      left = new Expression.Binary(operator, left, power(), line);
      line = stream.line();
    }
    return left;
  }

  private static boolean isProduct(String operator) {
    return switch (operator) {
      case "*", "/", "//", "%" -> true;
      default -> false;
    };
  }

  private Expression power() {
    int line = stream.line();
    Expression left = unary();
    while (stream.skipOperator("**")) {
      left = new Expression.Binary("**", left, unary(), line);
      line = stream.line();
    }
    return left;
  }

  /**
   * Signs bind tighter than subscripts and calls of what follows them, and these tighter than
   * filters.
   */
  private Expression unary() {
    int line = stream.line();
    List<String> signs = new ArrayList<>();
    while (stream.current().isOperator("-") || stream.current().isOperator("+")) {
      signs.add(stream.next().text());
    }
    Expression result = postfix(primary());
    for (String sign : signs.reversed()) {
      result = postfix(new Expression.Unary(sign, result, line));
    }
    return filters(result);
  }

  /** Parses a literal, a name or a parenthesised expression. */
  Expression primary() {
    Token token = stream.current();
    int line = token.line();
    return switch (token.type()) {
      case NAME -> {
        stream.next();
        yield switch (token.text()) {
          case "true", "True" -> new Expression.Literal(true, line);
          case "false", "False" -> new Expression.Literal(false, line);
          case "none", "None" -> new Expression.Literal(None.NONE, line);
          default -> new Expression.Name(token.text(), line);
        };
      }
      case STRING -> {
        StringBuilder text = new StringBuilder();
        while (stream.current().is(TokenType.STRING)) {
          text.append(stream.next().text());
        }
        yield new Expression.Literal(text.toString(), line);
      }
      case INTEGER, FLOAT -> new Expression.Literal(stream.next().value(), line);
      default ->
          switch (token.isOperator(token.text()) ? token.text() : "") {
            case "(" -> {
              stream.next();
              Expression inner = tuple(true, true);
              stream.expectOperator(")");
              yield inner;
            }
            case "[" -> list();
            case "{" -> dict();
            default -> throw new SyntaxError("unexpected '" + token.describe() + "'", line);
          };
    };
  }

  /**
   * Parses one expression, or several with commas between them as a tuple.
   *
   * @param parenthesized whether nothing means the empty tuple
   * @param conditional whether {@code if} may follow an item
   * @param ends names that end the tuple after a comma
   */
  Expression tuple(boolean parenthesized, boolean conditional, String... ends) {
    int line = stream.line();
    List<Expression> items = new ArrayList<>();
    boolean tuple = false;
    while (true) {
      if (!items.isEmpty()) {
        stream.expectOperator(",");
      }
      if (isTupleEnd(ends)) {
        break;
      }
      items.add(conditional ? expression() : unconditional());
      if (!stream.current().isOperator(",")) {
        break;
      }
      tuple = true;
    }
    if (tuple || (items.isEmpty() && parenthesized)) {
      return new Expression.TupleLiteral(items, line);
    }
    if (items.isEmpty()) {
      throw new SyntaxError(
          "expected an expression, got '" + stream.current().describe() + "'", stream.line());
    }
    return items.getFirst();
  }

  boolean isTupleEnd(String... ends) {
    Token token = stream.current();
    if (token.is(TokenType.PRINT_END) || token.is(TokenType.BLOCK_END) || token.isOperator(")")) {
      return true;
    }
    for (String end : ends) {
      if (token.isName(end)) {
        return true;
      }
    }
    return false;
  }

  private Expression list() {
    int line = stream.expectOperator("[").line();
    List<Expression> items = new ArrayList<>();
    while (!stream.current().isOperator("]")) {
      if (!items.isEmpty()) {
        stream.expectOperator(",");
        if (stream.current().isOperator("]")) {
          break;
        }
      }
      items.add(expression());
    }
    stream.expectOperator("]");
    return new Expression.ListLiteral(items, line);
  }

  private Expression dict() {
    int line = stream.expectOperator("{").line();
    List<Pair> pairs = new ArrayList<>();
    while (!stream.current().isOperator("}")) {
      if (!pairs.isEmpty()) {
        stream.expectOperator(",");
        if (stream.current().isOperator("}")) {
          break;
        }
      }
      Expression key = expression();
      stream.expectOperator(":");
      pairs.add(new Pair(key, expression()));
    }
    stream.expectOperator("}");
    return new Expression.DictLiteral(pairs, line);
  }

  private Expression postfix(Expression target) {
    Expression result = target;
    while (true) {
      Token token = stream.current();
      if (token.isOperator(".")) {
        result = member(result);
      } else if (token.isOperator("[")) {
        result = subscript(result);
      } else if (token.isOperator("(")) {
        result = new Expression.Call(result, arguments(), token.line());
      } else {
        return result;
      }
    }
  }

  private Expression filters(Expression target) {
    Expression result = target;
    while (true) {
      Token token = stream.current();
      if (token.isOperator("|")) {
        stream.next();
        result = filter(result);
      } else if (token.isName("is")) {
        result = test(result);
      } else if (token.isOperator("(")) {
        result = new Expression.Call(result, arguments(), token.line());
      } else {
        return result;
      }
    }
  }

  private Expression member(Expression target) {
    int line = stream.next().line();
    Token token = stream.next();
    if (token.is(TokenType.NAME)) {
      return new Expression.Attribute(target, token.text(), line);
    }
    if (token.is(TokenType.INTEGER)) {
      return new Expression.Item(target, new Expression.Literal(token.value(), line), line);
    }
    throw new SyntaxError("expected name or number", token.line());
  }

  private Expression subscript(Expression target) {
    int line = stream.expectOperator("[").line();
    List<Expression> keys = new ArrayList<>();
    while (!stream.current().isOperator("]")) {
      if (!keys.isEmpty()) {
        stream.expectOperator(",");
      }
      Expression key = stream.current().isOperator(":") ? null : expression();
      if (key == null || stream.current().isOperator(":")) {
        Expression slice = slice(target, key, line);
        if (!keys.isEmpty() || !stream.current().isOperator("]")) {
          throw new SyntaxError("expected a single slice", line);
        }
        stream.next();
        return slice;
      }
      keys.add(key);
    }
    stream.expectOperator("]");
    Expression key = keys.size() == 1 ? keys.getFirst() : new Expression.TupleLiteral(keys, line);
    return new Expression.Item(target, key, line);
  }

  private Expression slice(Expression target, @Nullable Expression start, int line) {
    stream.expectOperator(":");
    Expression stop = sliceBound();
    Expression step = stream.skipOperator(":") ? sliceBound() : null;
    return new Expression.Slice(target, start, stop, step, line);
  }

  private @Nullable Expression sliceBound() {
    Token token = stream.current();
    return token.isOperator(":") || token.isOperator("]") || token.isOperator(",")
        ? null
        : expression();
  }

  /** Parses the name and arguments of a filter, after its bar. */
  Expression.Filter filter(Expression target) {
    int line = stream.line();
    String name = dottedName();
    CallArguments arguments = stream.current().isOperator("(") ? arguments() : CallArguments.EMPTY;
    return new Expression.Filter(target, name, arguments, line);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(stream.expect(TokenType.NAME).text());
    while (stream.skipOperator(".")) {
      name.append('.').append(stream.expect(TokenType.NAME).text());
    }
    return name.toString();
  }

  private Expression test(Expression target) {
    int line = stream.next().line();
    boolean negated = stream.skipName("not");
    String name = dottedName();
    CallArguments arguments = CallArguments.EMPTY;
    Token token = stream.current();
    if (token.isOperator("(")) {
      arguments = arguments();
    } else if (startsArgument(token)) {
      if (token.isName("is")) {
        throw new SyntaxError("tests cannot be chained with is", line);
      }
      if (++depth > MAX_DEPTH) {
        throw new SyntaxError("expected at most " + MAX_DEPTH + " nested expressions", line);
      }
      arguments = new CallArguments(List.of(postfix(primary())), List.of(), null, null);
      depth--;
    }
    Expression result = new Expression.Test(target, name, arguments, line);
    return negated ? new Expression.Not(result, line) : result;
  }

  private static boolean startsArgument(Token token) {
    return switch (token.type()) {
      case STRING, INTEGER, FLOAT -> true;
      case NAME -> !token.isName("else") && !token.isName("or") && !token.isName("and");
      case OPERATOR -> token.isOperator("[") || token.isOperator("{");
      default -> false;
    };
  }

  private CallArguments arguments() {
    int line = stream.expectOperator("(").line();
    List<Expression> positional = new ArrayList<>();
    List<Keyword> keywords = new ArrayList<>();
    Expression more = null;
    Expression moreKeywords = null;
    boolean first = true;
    while (!stream.current().isOperator(")")) {
      if (!first) {
        stream.expectOperator(",");
        if (stream.current().isOperator(")")) {
          break;
        }
      }
      first = false;
      if (stream.skipOperator("*")) {
        require(more == null && moreKeywords == null, line);
        more = expression();
      } else if (stream.skipOperator("**")) {
        require(moreKeywords == null, line);
        moreKeywords = expression();
      } else if (stream.current().is(TokenType.NAME) && stream.look().isOperator("=")) {
        require(moreKeywords == null, line);
        String name = stream.next().text();
        stream.next();
        for (Keyword keyword : keywords) {
          require(!keyword.name().equals(name), line);
        }
        keywords.add(new Keyword(name, expression()));
      } else {
        require(more == null && moreKeywords == null && keywords.isEmpty(), line);
        positional.add(expression());
      }
    }
    stream.expectOperator(")");
    return new CallArguments(positional, keywords, more, moreKeywords);
  }

  private static void require(boolean valid, int line) {
    if (!valid) {
      throw new SyntaxError("invalid syntax for function call expression", line);
    }
  }
}
