package dev.wick.cli.bench;

import dev.wick.limits.TokenWork;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * Rates as shares of what the machine could do. Machines drift, so each run is held against the
 * limits that were measured beside it.
 *
 * @param work what a token asks of the machine
 * @param runs the runs
 * @param limits one for each run
 */
public record AgainstLimits(
    TokenWork work, List<Measurement.Run> runs, List<MachineLimits.Limits> limits) {
  public AgainstLimits {
    runs = List.copyOf(runs);
    limits = List.copyOf(limits);
    if (runs.size() != limits.size()) {
      throw new IllegalArgumentException(
          "bench: expected limits for %d runs, got %d".formatted(runs.size(), limits.size()));
    }
  }

  /** Tokens per second if weights were read once per token and nothing else was done. */
  double decodeLimit() {
    return Median.of(limits.stream().mapToDouble(this::decodeLimit));
  }

  private double decodeLimit(MachineLimits.Limits machine) {
    return machine.readBytesPerSecond() / work.bytesRead();
  }

  /** Tokens per second if products ran at the f32 peak and nothing else was done. */
  double prefillLimit() {
    return Median.of(limits.stream().mapToDouble(this::prefillLimit));
  }

  private double prefillLimit(MachineLimits.Limits machine) {
    return machine.operationsPerSecond() / work.operations();
  }

  /** Decoding as a share of its limit. */
  double decodeShare(int tokens) {
    return share(tokens, Measurement.Run::decodeNanos, this::decodeLimit);
  }

  /** Prefill as a share of its limit. */
  double prefillShare(int tokens) {
    return share(tokens, Measurement.Run::prefillNanos, this::prefillLimit);
  }

  private double share(
      int tokens,
      ToLongFunction<Measurement.Run> nanos,
      ToDoubleFunction<MachineLimits.Limits> limit) {
    return Median.of(
        IntStream.range(0, runs.size())
            .mapToDouble(
                i -> {
                  double rate = tokens * 1e9 / nanos.applyAsLong(runs.get(i));
                  return rate / limit.applyAsDouble(limits.get(i));
                }));
  }
}
