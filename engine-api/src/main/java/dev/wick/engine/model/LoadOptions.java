package dev.wick.engine.model;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Quantization;
import java.util.Objects;
import java.util.Optional;

/**
 * How a model is loaded.
 *
 * @param contextLength most tokens of one sequence; 0 for what the model was made for
 * @param kvTokens tokens for which the key-value cache has room, over all sequences; 0 for one
 *     sequence of full length, at most {@value #DEFAULT_KV_TOKENS}
 * @param adapterBytes most device memory for the low-rank numbers of adapters; taken as adapters
 *     come, the least recently used make room
 * @param listener told of progress, on the loading thread
 * @param quantize the type to which linear layers are quantised as they are loaded; empty to keep
 *     them as they are stored. Embeddings and the output layer are kept in Q8_0 or better, vectors
 *     and the routers of experts as they are stored
 * @param kvDType the type of the key-value cache: F32, or Q8_0 for 8.5 bits per number, where keys
 *     and values of a head are a multiple of 32
 */
public record LoadOptions(
    int contextLength,
    int kvTokens,
    long adapterBytes,
    LoadListener listener,
    Optional<DType> quantize,
    DType kvDType) {
  /** Most tokens of the key-value cache that are set aside when nothing is said. */
  public static final int DEFAULT_KV_TOKENS = 32_768;

  /** Most bytes for adapters when nothing is said: 1 GiB. */
  public static final long DEFAULT_ADAPTER_BYTES = 1L << 30;

  /** What the model was made for, without a listener. */
  public static final LoadOptions DEFAULT =
      new LoadOptions(0, 0, DEFAULT_ADAPTER_BYTES, LoadListener.NONE, Optional.empty(), DType.F32);

  public LoadOptions {
    Objects.requireNonNull(listener, "listener");
    if (contextLength < 0 || kvTokens < 0 || adapterBytes < 0) {
      throw new IllegalArgumentException(
          "load: expected at least 0, got contextLength %d, kvTokens %d and adapterBytes %d"
              .formatted(contextLength, kvTokens, adapterBytes));
    }
    if (quantize.isPresent() && !Quantization.encodes(quantize.get())) {
      throw new IllegalArgumentException(
          "load: expected to quantize to Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K, got "
              + quantize.get());
    }
    KvCache.checkType(kvDType);
  }

  /** These options with another context length. */
  public LoadOptions withContextLength(int tokens) {
    return new LoadOptions(tokens, kvTokens, adapterBytes, listener, quantize, kvDType);
  }

  /** These options with room for another number of tokens in the key-value cache. */
  public LoadOptions withKvTokens(int tokens) {
    return new LoadOptions(contextLength, tokens, adapterBytes, listener, quantize, kvDType);
  }

  /** These options with another budget for adapters. */
  public LoadOptions withAdapterBytes(long bytes) {
    return new LoadOptions(contextLength, kvTokens, bytes, listener, quantize, kvDType);
  }

  /** These options with another listener. */
  public LoadOptions withListener(LoadListener other) {
    return new LoadOptions(contextLength, kvTokens, adapterBytes, other, quantize, kvDType);
  }

  /**
   * These options with linear layers quantised as they are loaded.
   *
   * @throws IllegalArgumentException if there is no encoder for the type
   */
  public LoadOptions withQuantize(DType dtype) {
    return new LoadOptions(
        contextLength, kvTokens, adapterBytes, listener, Optional.of(dtype), kvDType);
  }

  /**
   * These options with the key-value cache in another type.
   *
   * @throws IllegalArgumentException if it is neither F32 nor Q8_0
   */
  public LoadOptions withKvDType(DType dtype) {
    return new LoadOptions(contextLength, kvTokens, adapterBytes, listener, quantize, dtype);
  }
}
