package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.TemplateException.Kind;

/**
 * A failure inside an operation, before the interpreter adds the position. Named after Python's
 * exception types.
 */
final class PythonError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;
  private final String type;
  private final String reason;

  private PythonError(Kind kind, String type, String reason) {
    super(reason, null, false, false);
    this.kind = kind;
    this.type = type;
    this.reason = reason;
  }

  static PythonError type(String reason) {
    return new PythonError(Kind.RUNTIME, "TypeError", reason);
  }

  static PythonError value(String reason) {
    return new PythonError(Kind.RUNTIME, "ValueError", reason);
  }

  static PythonError key(String reason) {
    return new PythonError(Kind.RUNTIME, "KeyError", reason);
  }

  static PythonError index(String reason) {
    return new PythonError(Kind.RUNTIME, "IndexError", reason);
  }

  static PythonError overflow(String reason) {
    return new PythonError(Kind.RUNTIME, "OverflowError", reason);
  }

  static PythonError zeroDivision(String reason) {
    return new PythonError(Kind.RUNTIME, "ZeroDivisionError", reason);
  }

  static PythonError failure(String reason) {
    return new PythonError(Kind.RUNTIME, "TemplateRuntimeError", reason);
  }

  static PythonError undefined(String reason) {
    return new PythonError(Kind.UNDEFINED, "UndefinedError", reason);
  }

  static PythonError security(String reason) {
    return new PythonError(Kind.SECURITY, "SecurityError", reason);
  }

  static PythonError raised(String reason) {
    return new PythonError(Kind.RAISED, "TemplateError", reason);
  }

  static PythonError limit(String reason) {
    return new PythonError(Kind.LIMIT, "LimitError", reason);
  }

  Kind kind() {
    return kind;
  }

  String reason() {
    return reason;
  }

  boolean isType() {
    return type.equals("TypeError");
  }

  boolean isValue() {
    return type.equals("ValueError");
  }

  boolean isOverflow() {
    return type.equals("OverflowError");
  }

  boolean isIndex() {
    return type.equals("IndexError");
  }

  /** Whether the failure is one that a subscript turns into an undefined value. */
  boolean isLookup() {
    return type.equals("KeyError") || type.equals("IndexError");
  }
}
