package dev.wick.cli;

import dev.wick.cli.terminal.Quantities;
import dev.wick.streaming.Completion;
import dev.wick.streaming.FinishReason;
import dev.wick.streaming.Timing;
import dev.wick.streaming.Usage;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;

/** What a generation took, for people. */
record Statistics(Usage usage, Timing timing, FinishReason finishReason) {
  static Statistics of(Completion completion) {
    return new Statistics(completion.usage(), completion.timing(), completion.finishReason());
  }

  private String guesses() {
    return usage.guessedTokens() == 0
        ? ""
        : "guesses: %d tokens, %d of them right%n"
            .formatted(usage.guessedTokens(), usage.acceptedTokens());
  }

  void print(PrintWriter err) {
    double firstSeconds = timing.timeToFirstToken().toNanos() / 1e9;
    err.printf(
        Locale.ROOT,
        "prompt: %d tokens, %d of them cached, %s tokens/s, first token after %s%n"
            + "answer: %d tokens, %s tokens/s, ended by %s%n"
            + "%s"
            + "total:  %s, of %s since the JVM started%n",
        usage.promptTokens(),
        usage.cachedTokens(),
        Quantities.rate(
            firstSeconds > 0 ? (usage.promptTokens() - usage.cachedTokens()) / firstSeconds : 0),
        Quantities.seconds(timing.timeToFirstToken()),
        usage.completionTokens(),
        Quantities.rate(timing.tokensPerSecond()),
        finishReason.name().toLowerCase(Locale.ROOT),
        guesses(),
        Quantities.seconds(timing.total()),
        Quantities.seconds(Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime())));
    err.flush();
  }
}
