package dev.wick.streaming;

/**
 * Tokens of a generation, as the tokenizer counts them.
 *
 * @param promptTokens tokens of the prompt
 * @param completionTokens generated tokens, the one that ended the sequence included
 * @param cachedTokens tokens of the prompt that an earlier request had computed already
 */
public record Usage(int promptTokens, int completionTokens, int cachedTokens) {
  /** The usage of a request that found nothing in the cache. */
  public Usage(int promptTokens, int completionTokens) {
    this(promptTokens, completionTokens, 0);
  }

  /** Prompt and completion together. */
  public int totalTokens() {
    return promptTokens + completionTokens;
  }
}
