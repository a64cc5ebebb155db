package dev.wick.tokenizers.jinja;

import dev.wick.engine.tensor.EngineException;

/** A template that cannot be parsed or rendered, with the line at fault. */
public final class TemplateException extends EngineException {
  private static final long serialVersionUID = 1L;

  /** What went wrong. */
  public enum Kind {
    /** The template does not parse. */
    SYNTAX,
    /** The template itself refused its input, by {@code raise_exception}. */
    RAISED,
    /** An undefined value was used. */
    UNDEFINED,
    /** The sandbox forbids the access. */
    SECURITY,
    /** A limit on work, output or depth was reached. */
    LIMIT,
    /** Any other failure, for example operands of the wrong type. */
    RUNTIME
  }

  private final Kind kind;
  private final int line;
  private final String snippet;
  private final String reason;

  TemplateException(Kind kind, String reason, int line, String snippet) {
    super("template: %s (line %d: %s)".formatted(reason, line, snippet));
    this.kind = kind;
    this.line = line;
    this.snippet = snippet;
    this.reason = reason;
  }

  /** Returns what went wrong. */
  public Kind kind() {
    return kind;
  }

  /** Returns the line of the template, counted from 1. */
  public int line() {
    return line;
  }

  /** Returns the text of that line, shortened. */
  public String snippet() {
    return snippet;
  }

  /** Returns the cause without position; for {@link Kind#RAISED} the template's own message. */
  public String reason() {
    return reason;
  }
}
