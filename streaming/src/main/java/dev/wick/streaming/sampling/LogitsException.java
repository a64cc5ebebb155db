package dev.wick.streaming.sampling;

import dev.wick.engine.tensor.EngineException;

/** Thrown when no token can be picked: the logits hold NaN or +infinity, or no token is left. */
public final class LogitsException extends EngineException {
  private static final long serialVersionUID = 1L;

  private final int step;

  LogitsException(int step, String message) {
    super(message);
    this.step = step;
  }

  /** The step that failed: 0 is the one that picks the first generated token. */
  public int step() {
    return step;
  }
}
