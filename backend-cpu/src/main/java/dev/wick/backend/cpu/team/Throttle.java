package dev.wick.backend.cpu.team;

/**
 * Decides how many threads of a team take part, from the time that callers lose to helpers which
 * the operating system has taken off their core in the middle of a chunk.
 *
 * <p>Such a helper is away for a time slice, some milliseconds, several times as long as most
 * regions. Two threads of which one shares its core give little more than one that has a core for
 * itself, since products are bound by memory; so a loss of a tenth is reason enough to do without a
 * helper for a while. The while doubles with each attempt that fails, and an attempt is over with
 * its first loss.
 *
 * <p>Written by the one caller that holds the team; the limit is read by every thread.
 */
final class Throttle {
  private static final long WINDOW_NANOS = 20_000_000;
  private static final long MIN_STALL_NANOS = 200_000;
  private static final long LOSS_NANOS = 2_000_000;
  private static final long TRIAL_LOSS_NANOS = 500_000;
  private static final long MIN_PENALTY_NANOS = 50_000_000;
  private static final long MAX_PENALTY_NANOS = 2_000_000_000;
  private static final int TRIAL_WINDOWS = 10;

  private final int threads;
  private final long lossNanos;
  private volatile int limit;
  private long retryAt;
  private long total;
  private long lost;
  private long penalty = MIN_PENALTY_NANOS;
  private int trial;

  Throttle(int threads) {
    this(threads, LOSS_NANOS);
  }

  /**
   * @param lossNanos what may be lost in a window before a helper is suspended
   */
  Throttle(int threads, long lossNanos) {
    this.threads = threads;
    this.limit = threads;
    this.lossNanos = lossNanos;
  }

  /** Threads that may take part now, the caller included. */
  int limit() {
    return limit;
  }

  /**
   * Gives a suspended thread another chance, if one has waited long enough.
   *
   * @param now nanoseconds, as those of regions
   * @return threads that may take part now, the caller included
   */
  int retry(long now) {
    if (limit < threads && now - retryAt >= 0) {
      limit = limit() + 1;
      retryAt = now + penalty;
      trial = TRIAL_WINDOWS;
      begin();
    }
    return limit;
  }

  /**
   * Accounts for one region.
   *
   * @param start when it began
   * @param alone when the caller had no chunk left to claim
   * @param end when the last chunk was finished
   */
  void record(long start, long alone, long end) {
    long stall = end - alone;
    // With several chunks per thread an honest wait is shorter than the caller's own share of the
    // work.
    if (stall > MIN_STALL_NANOS && stall > alone - start) {
      lost += stall;
    }
    total += end - start;
    if (lost >= (trial > 0 ? TRIAL_LOSS_NANOS : lossNanos) && limit > 1) {
      limit = limit() - 1;
      retryAt = end + penalty;
      penalty = Math.min(2 * penalty, MAX_PENALTY_NANOS);
      begin();
    } else if (total >= WINDOW_NANOS) {
      endWindow();
    }
  }

  /** A time without much loss; several of them, and the next loss is forgiven sooner. */
  private void endWindow() {
    begin();
    if (trial > 0) {
      trial--;
    } else if (limit == threads) {
      penalty = Math.max(penalty / 2, MIN_PENALTY_NANOS);
    }
  }

  private void begin() {
    total = 0;
    lost = 0;
  }
}
