package dev.wick.streaming;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The tokens that the reader of a generation has been given. One thread at a time. */
final class Transcript {
  private final StringBuilder text = new StringBuilder();
  private int[] ids = new int[16];
  private int size;
  private long firstNanos;
  private long lastNanos;
  private @Nullable FinishReason finishReason;

  void add(StreamToken token) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size);
    }
    ids[size++] = token.id();
    text.append(token.text());
    lastNanos = token.elapsedNanos();
    if (size == 1) {
      firstNanos = lastNanos;
    }
    finishReason = token.finishReason().orElse(null);
  }

  /** Number of tokens. */
  int size() {
    return size;
  }

  /** Whether the last token has been given. */
  boolean isComplete() {
    return finishReason != null;
  }

  /** The result so far. */
  Completion completion(Usage usage, long seed) {
    return new Completion(
        text.toString(),
        Arrays.stream(ids, 0, size).boxed().toList(),
        finishReason == null ? FinishReason.CANCELLED : finishReason,
        usage,
        Timing.of(firstNanos, lastNanos, size),
        seed);
  }
}
