package dev.wick.tokenizers.jinja;

/** What a token is. */
enum TokenType {
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

  TokenType(String description) {
    this.description = description;
  }

  String description() {
    return description;
  }
}
