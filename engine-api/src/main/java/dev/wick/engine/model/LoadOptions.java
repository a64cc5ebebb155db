package dev.wick.engine.model;

import java.util.Objects;

/**
 * How a model is loaded.
 *
 * @param contextLength most tokens of one sequence; 0 for what the model was made for
 * @param kvTokens tokens for which the key-value cache has room, over all sequences; 0 for one
 *     sequence of full length, at most {@value #DEFAULT_KV_TOKENS}
 * @param adapterBytes most device memory for the low-rank numbers of adapters; taken as adapters
 *     come, the least recently used make room
 * @param listener told of progress, on the loading thread
 */
public record LoadOptions(
    int contextLength, int kvTokens, long adapterBytes, LoadListener listener) {
  /** Most tokens of the key-value cache that are set aside when nothing is said. */
  public static final int DEFAULT_KV_TOKENS = 32_768;

  /** Most bytes for adapters when nothing is said: 1 GiB. */
  public static final long DEFAULT_ADAPTER_BYTES = 1L << 30;

  /** What the model was made for, without a listener. */
  public static final LoadOptions DEFAULT =
      new LoadOptions(0, 0, DEFAULT_ADAPTER_BYTES, LoadListener.NONE);

  public LoadOptions {
    Objects.requireNonNull(listener, "listener");
    if (contextLength < 0 || kvTokens < 0 || adapterBytes < 0) {
      throw new IllegalArgumentException(
          "load: expected at least 0, got contextLength %d, kvTokens %d and adapterBytes %d"
              .formatted(contextLength, kvTokens, adapterBytes));
    }
  }

  /** These options with another context length. */
  public LoadOptions withContextLength(int tokens) {
    return new LoadOptions(tokens, kvTokens, adapterBytes, listener);
  }

  /** These options with room for another number of tokens in the key-value cache. */
  public LoadOptions withKvTokens(int tokens) {
    return new LoadOptions(contextLength, tokens, adapterBytes, listener);
  }

  /** These options with another budget for adapters. */
  public LoadOptions withAdapterBytes(long bytes) {
    return new LoadOptions(contextLength, kvTokens, bytes, listener);
  }

  /** These options with another listener. */
  public LoadOptions withListener(LoadListener other) {
    return new LoadOptions(contextLength, kvTokens, adapterBytes, other);
  }
}
