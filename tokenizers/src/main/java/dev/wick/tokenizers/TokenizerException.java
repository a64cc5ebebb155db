package dev.wick.tokenizers;

import dev.wick.engine.tensor.EngineException;

/**
 * A failure of the tokenizer itself: the native library cannot be loaded here, or it refused a text
 * (a tokenizer without byte fallback and without an unknown token does that).
 */
public final class TokenizerException extends EngineException {
  private static final long serialVersionUID = 1L;

  TokenizerException(String message) {
    super(message);
  }

  TokenizerException(String message, Throwable cause) {
    super(message, cause);
  }
}
