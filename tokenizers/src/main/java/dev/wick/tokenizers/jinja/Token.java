package dev.wick.tokenizers.jinja;

/**
 * A piece of template source.
 *
 * @param text the operator, name or data; the decoded text of a string
 * @param value the number of an integer or float, else the text
 */
record Token(TokenType type, String text, Object value, int line) {
  static Token of(TokenType type, String text, int line) {
    return new Token(type, text, text, line);
  }

  boolean is(TokenType expected) {
    return type == expected;
  }

  boolean isName(String name) {
    return type == TokenType.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return type == TokenType.OPERATOR && text.equals(operator);
  }

  String describe() {
    return switch (type) {
      case NAME, OPERATOR -> text;
      default -> type.description();
    };
  }
}
