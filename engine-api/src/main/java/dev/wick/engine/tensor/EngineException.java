package dev.wick.engine.tensor;

/**
 * Root of the failures that are neither a caller's mistake ({@link IllegalArgumentException},
 * {@link IllegalStateException}) nor trouble with a file ({@link java.io.IOException}).
 */
public abstract class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  protected EngineException(String message) {
    super(message);
  }

  protected EngineException(String message, Throwable cause) {
    super(message, cause);
  }
}
