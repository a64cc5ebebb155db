package dev.wick.streaming;

import dev.wick.engine.tensor.EngineException;

/** The prompt leaves no room for a token in the model's context. */
public final class ContextTooLongException extends EngineException {
  private static final long serialVersionUID = 1L;

  private final int actual;
  private final int max;

  ContextTooLongException(int actual, int max) {
    super(
        ("prompt: expected fewer tokens than the context length of %d, got %d; shorten the prompt"
                + " or load the model with a longer context")
            .formatted(max, actual));
    this.actual = actual;
    this.max = max;
  }

  /** Tokens of the prompt. */
  public int actual() {
    return actual;
  }

  /** Context length of the model: most tokens of prompt and completion together. */
  public int max() {
    return max;
  }
}
