package dev.wick.engine.model;

import dev.wick.engine.tensor.EngineException;

/** The key-value cache has too few free blocks. */
public final class KvExhaustedException extends EngineException {
  private static final long serialVersionUID = 1L;

  KvExhaustedException(int wanted, int free, int blockSize) {
    super(
        ("kv cache: expected %d free blocks of %d tokens, got %d; finish other sequences, shorten"
                + " this one, or load the model with more kvTokens")
            .formatted(wanted, blockSize, free));
  }
}
