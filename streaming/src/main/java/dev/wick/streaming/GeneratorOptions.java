package dev.wick.streaming;

import java.util.Objects;

/**
 * How a {@link Generator} shares the steps of its model among requests.
 *
 * @param maxBatchSize most requests in one step
 * @param maxBatchTokens most tokens in one step, over all requests: longer prompts are computed in
 *     parts, so that it bounds both the memory of a step and how long a prompt holds up the streams
 *     that run beside it
 * @param prefixReuse whether what was computed for the beginning of earlier requests is used again
 *     by those that begin with the same tokens and have the same adapters, as long as the cache has
 *     no other use for the memory
 * @param speculation how tokens are guessed for requests that do not say it themselves
 */
public record GeneratorOptions(
    int maxBatchSize, int maxBatchTokens, boolean prefixReuse, Speculation speculation) {
  /** Up to 32 requests and 512 tokens, with prefix reuse, without speculation. */
  public static final GeneratorOptions DEFAULT = new GeneratorOptions(32, 512);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they are not positive, or a step of that size has no room
   *     for a token of each request
   */
  public GeneratorOptions {
    Objects.requireNonNull(speculation, "speculation");
    if (maxBatchSize < 1 || maxBatchTokens < maxBatchSize) {
      throw new IllegalArgumentException(
          ("generator: expected at least one request in a step and as many tokens as requests, got"
                  + " maxBatchSize %d and maxBatchTokens %d")
              .formatted(maxBatchSize, maxBatchTokens));
    }
  }

  /** Options that share steps so, and are else the default. */
  public GeneratorOptions(int maxBatchSize, int maxBatchTokens) {
    this(maxBatchSize, maxBatchTokens, true, Speculation.OFF);
  }

  /** These options with another number of requests in a step. */
  public GeneratorOptions withMaxBatchSize(int requests) {
    return new GeneratorOptions(requests, maxBatchTokens, prefixReuse, speculation);
  }

  /** These options with another number of tokens in a step. */
  public GeneratorOptions withMaxBatchTokens(int tokens) {
    return new GeneratorOptions(maxBatchSize, tokens, prefixReuse, speculation);
  }

  /** These options with or without reuse of prefixes. */
  public GeneratorOptions withPrefixReuse(boolean reuse) {
    return new GeneratorOptions(maxBatchSize, maxBatchTokens, reuse, speculation);
  }

  /** These options with another way of guessing tokens. */
  public GeneratorOptions withSpeculation(Speculation other) {
    return new GeneratorOptions(maxBatchSize, maxBatchTokens, prefixReuse, other);
  }
}
