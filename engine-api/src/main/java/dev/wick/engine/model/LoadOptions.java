package dev.wick.engine.model;

import java.util.Objects;

/**
 * How a model is loaded.
 *
 * @param contextLength most tokens of one sequence; 0 for what the model was made for
 * @param kvTokens tokens for which the key-value cache has room, over all sequences; 0 for one
 *     sequence of full length, at most {@value #DEFAULT_KV_TOKENS}
 * @param listener told of progress, on the loading thread
 */
public record LoadOptions(int contextLength, int kvTokens, LoadListener listener) {
  /** Most tokens of the key-value cache that are set aside when nothing is said. */
  public static final int DEFAULT_KV_TOKENS = 32_768;

  /** What the model was made for, without a listener. */
  public static final LoadOptions DEFAULT = new LoadOptions(0, 0, LoadListener.NONE);

  public LoadOptions {
    Objects.requireNonNull(listener, "listener");
    if (contextLength < 0 || kvTokens < 0) {
      throw new IllegalArgumentException(
          "load: expected lengths of at least 0, got contextLength %d and kvTokens %d"
              .formatted(contextLength, kvTokens));
    }
  }

  /** These options with another context length. */
  public LoadOptions withContextLength(int tokens) {
    return new LoadOptions(tokens, kvTokens, listener);
  }

  /** These options with room for another number of tokens in the key-value cache. */
  public LoadOptions withKvTokens(int tokens) {
    return new LoadOptions(contextLength, tokens, listener);
  }

  /** These options with another listener. */
  public LoadOptions withListener(LoadListener other) {
    return new LoadOptions(contextLength, kvTokens, other);
  }
}
