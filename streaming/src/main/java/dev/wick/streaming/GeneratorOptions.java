package dev.wick.streaming;

/**
 * How a {@link Generator} shares the steps of its model among requests.
 *
 * @param maxBatchSize most requests in one step
 * @param maxBatchTokens most tokens in one step, over all requests: longer prompts are computed in
 *     parts, so that it bounds both the memory of a step and how long a prompt holds up the streams
 *     that run beside it
 */
public record GeneratorOptions(int maxBatchSize, int maxBatchTokens) {
  /** Up to 32 requests and 512 tokens. */
  public static final GeneratorOptions DEFAULT = new GeneratorOptions(32, 512);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they are not positive, or a step of that size has no room
   *     for a token of each request
   */
  public GeneratorOptions {
    if (maxBatchSize < 1 || maxBatchTokens < maxBatchSize) {
      throw new IllegalArgumentException(
          ("generator: expected at least one request in a step and as many tokens as requests, got"
                  + " maxBatchSize %d and maxBatchTokens %d")
              .formatted(maxBatchSize, maxBatchTokens));
    }
  }

  /** These options with another number of requests in a step. */
  public GeneratorOptions withMaxBatchSize(int requests) {
    return new GeneratorOptions(requests, maxBatchTokens);
  }

  /** These options with another number of tokens in a step. */
  public GeneratorOptions withMaxBatchTokens(int tokens) {
    return new GeneratorOptions(maxBatchSize, tokens);
  }
}
