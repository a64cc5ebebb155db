package dev.wick.tokenizers.jinja;

import java.util.List;

/** The tokens under the parser's eye. */
final class TokenStream {
  private final List<Token> tokens;
  private int position;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(position);
  }

  Token look() {
    return tokens.get(Math.min(position + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = current();
    if (position < tokens.size() - 1) {
      position++;
    }
    return token;
  }

  int line() {
    return current().line();
  }

  boolean skipName(String name) {
    boolean found = current().isName(name);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipOperator(String operator) {
    boolean found = current().isOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  Token expect(TokenType type) {
    return current().is(type) ? next() : fail(type.description());
  }

  Token expectOperator(String operator) {
    return current().isOperator(operator) ? next() : fail(operator);
  }

  Token expectName(String name) {
    return current().isName(name) ? next() : fail(name);
  }

  private Token fail(String expected) {
    throw new SyntaxError(
        current().is(TokenType.END)
            ? "unexpected end of template, expected '" + expected + "'"
            : "expected '" + expected + "', got '" + current().describe() + "'",
        line());
  }
}
