package dev.wick.tokenizers.jinja;

/** A failure to parse, before the snippet of source is known. */
final class SyntaxError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final int line;

  SyntaxError(String reason, int line) {
    super(reason, null, false, false);
    this.reason = reason;
    this.line = line;
  }

  String reason() {
    return reason;
  }

  int line() {
    return line;
  }
}
