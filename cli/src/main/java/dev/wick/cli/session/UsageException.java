package dev.wick.cli.session;

/** A mistake in the options of a command; the message names the option and the remedy. */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A mistake that the message describes. */
  public UsageException(String message) {
    super(message);
  }

  /** A mistake that a library found. */
  public UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
