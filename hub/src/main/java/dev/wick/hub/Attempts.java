package dev.wick.hub;

import java.io.InterruptedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;

/**
 * The attempts at one request: waits between them, longer each time or as long as the server asks,
 * and gives up after too many in a row without progress.
 */
final class Attempts {
  /** For what is small and whose failure a person waits for. */
  static final int SHORT = 3;

  /** For a download, counted anew after each one that brought bytes. */
  static final int LONG = 6;

  private static final Logger LOG = System.getLogger("dev.wick.hub");
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(16);
  // The hub counts requests in windows of five minutes; whoever asks for more will not be waited
  // for.
  private static final Duration LONGEST_ASKED_WAIT = Duration.ofMinutes(5);

  private final int max;
  private final Host.Sleep sleep;
  private int failures;

  Attempts(int max, Host.Sleep sleep) {
    this.max = max;
    this.sleep = sleep;
  }

  /** Forgets earlier failures. */
  void progressed() {
    failures = 0;
  }

  /**
   * Waits until the next attempt, or gives up by throwing the failure.
   *
   * @throws HubException the given one, if it is no passing one or there were too many
   */
  void failed(HubException failure) throws HubException, InterruptedIOException {
    failures++;
    Duration wait = failure.retryAfter().orElseGet(this::backoff);
    if (!failure.isTransient() || failures >= max || wait.compareTo(LONGEST_ASKED_WAIT) > 0) {
      throw failure;
    }
    LOG.log(
        Level.DEBUG, () -> "Trying again in " + wait.toMillis() + " ms: " + failure.getMessage());
    try {
      sleep.sleep(wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("the download was cancelled");
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  private Duration backoff() {
    Duration wait = FIRST_WAIT.multipliedBy(1L << Math.min(failures - 1, 10));
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }
}
