package dev.wick.streaming;

import java.util.List;
import java.util.Objects;

/**
 * The result of a generation that ended.
 *
 * @param text the generated text, without the stop string; the texts of the streamed tokens
 *     together
 * @param tokenIds the generated ids, the one that ended the sequence included
 * @param finishReason why it ended
 * @param usage tokens used
 * @param timing time taken
 * @param seed seed of the random numbers; a request with it and the same prompt repeats the tokens
 */
public record Completion(
    String text,
    List<Integer> tokenIds,
    FinishReason finishReason,
    Usage usage,
    Timing timing,
    long seed) {
  /** Copies the ids. */
  public Completion {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(finishReason, "finishReason");
    Objects.requireNonNull(usage, "usage");
    Objects.requireNonNull(timing, "timing");
    tokenIds = List.copyOf(tokenIds);
  }
}
