package dev.wick.streaming;

import java.time.Duration;
import java.util.Objects;

/**
 * How long a generation took.
 *
 * @param timeToFirstToken from the beginning, tokenizing included, to the first token; zero if
 *     there was none
 * @param total from the beginning to the end
 * @param tokensPerSecond rate of the tokens after the first; 0 if there were none
 */
public record Timing(Duration timeToFirstToken, Duration total, double tokensPerSecond) {
  /** Checks that nothing is null. */
  public Timing {
    Objects.requireNonNull(timeToFirstToken, "timeToFirstToken");
    Objects.requireNonNull(total, "total");
  }

  static Timing of(long firstNanos, long totalNanos, int tokens) {
    long rest = totalNanos - firstNanos;
    return new Timing(
        Duration.ofNanos(firstNanos),
        Duration.ofNanos(totalNanos),
        tokens > 1 && rest > 0 ? (tokens - 1) * 1e9 / rest : 0);
  }
}
