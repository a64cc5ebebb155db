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
 * @param usedKvBlocks blocks of the cache in use, by whomever
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
    int usedKvBlocks,
    int kvBlocks) {}
