package dev.wick.streaming;

/**
 * Tokens of a generation, as the tokenizer counts them.
 *
 * @param promptTokens tokens of the prompt
 * @param completionTokens generated tokens, the one that ended the sequence included
 * @param cachedTokens tokens of the prompt that an earlier request had computed already
 * @param guessedTokens tokens that were guessed, see {@link Speculation}
 * @param acceptedTokens those of them that came true
 */
public record Usage(
    int promptTokens,
    int completionTokens,
    int cachedTokens,
    int guessedTokens,
    int acceptedTokens) {
  /** The usage of a request that found nothing in the cache and guessed nothing. */
  public Usage(int promptTokens, int completionTokens) {
    this(promptTokens, completionTokens, 0, 0, 0);
  }

  /** Prompt and completion together. */
  public int totalTokens() {
    return promptTokens + completionTokens;
  }
}
