package dev.wick.streaming;

/**
 * What a {@link Generator} is doing, and what it has done since it was made. Rates are differences
 * of two of them over the time between.
 *
 * @param running requests that hold a share of the key-value cache
 * @param paused those of the running that are not computed because their reader is behind
 * @param waiting requests that wait for room in the cache or in the batch
 * @param steps steps computed
 * @param stepTokens tokens that went through the model, of prompts and completions
 * @param completionTokens tokens generated
 * @param preemptions how often a request gave its blocks to an older one, to be computed again
 * @param promptTokens tokens of the prompts of all requests that have run
 * @param cachedTokens those of them that earlier requests had computed already
 * @param guessedTokens tokens that were guessed, see {@link Speculation}
 * @param acceptedTokens those of them that came true: tokens that took no step of their own
 * @param usedKvBlocks blocks of the cache in use, by whomever
 * @param idleKvBlocks blocks that are free and hold what a later request may begin with
 * @param kvBlocks blocks of the cache
 */
public record GeneratorStats(
    int running,
    int paused,
    int waiting,
    long steps,
    long stepTokens,
    long completionTokens,
    long preemptions,
    long promptTokens,
    long cachedTokens,
    long guessedTokens,
    long acceptedTokens,
    int usedKvBlocks,
    int idleKvBlocks,
    int kvBlocks) {
  /** Share of the prompts' tokens that did not have to be computed, from 0 to 1. */
  public double cacheHitRate() {
    return promptTokens == 0 ? 0 : (double) cachedTokens / promptTokens;
  }

  /** Share of the guessed tokens that came true, from 0 to 1. */
  public double acceptanceRate() {
    return guessedTokens == 0 ? 0 : (double) acceptedTokens / guessedTokens;
  }
}
