package dev.wick.streaming;

/**
 * Tokens of a generation, as the tokenizer counts them.
 *
 * @param promptTokens tokens of the prompt
 * @param completionTokens generated tokens, the one that ended the sequence included
 */
public record Usage(int promptTokens, int completionTokens) {
  /** Prompt and completion together. */
  public int totalTokens() {
    return promptTokens + completionTokens;
  }
}
