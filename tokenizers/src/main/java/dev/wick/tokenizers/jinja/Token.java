package dev.wick.tokenizers.jinja;

/**
 * A piece of template source.
 *
 * @param text the operator, name or data; the decoded text of a string
 * @param value the number of a {@link Type#NUMBER}, else the text
 */
record Token(Type type, String text, Object value, int line) {
  /** What a token is. */
  enum Type {
    DATA("template data"),
    PRINT_BEGIN("begin of print statement"),
    PRINT_END("end of print statement"),
    BLOCK_BEGIN("begin of statement block"),
    BLOCK_END("end of statement block"),
    NAME("name"),
    STRING("string"),
    INTEGER("integer"),
    FLOAT("float"),
    OPERATOR("operator"),
    END("end of template");

    private final String description;

    Type(String description) {
      this.description = description;
    }

    String description() {
      return description;
    }
  }

  static Token of(Type type, String text, int line) {
    return new Token(type, text, text, line);
  }

  boolean is(Type expected) {
    return type == expected;
  }

  boolean isName(String name) {
    return type == Type.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return type == Type.OPERATOR && text.equals(operator);
  }

  String describe() {
    return switch (type) {
      case NAME, OPERATOR -> text;
      default -> type.description();
    };
  }
}
