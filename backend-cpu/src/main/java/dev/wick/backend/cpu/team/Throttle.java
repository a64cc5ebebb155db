package dev.wick.backend.cpu.team;

/**
 * Decides how many threads of a team take part, from the time that callers lose to helpers which
 * the operating system has taken off their core in the middle of a chunk.
 *
 * <p>Such a helper is away for a time slice, some milliseconds, several times as long as most
 * regions. Whether it brings more than it costs depends on how often that happens and on how much
 * of the memory's speed one thread reaches, so it is measured: after a first loss of a tenth a
 * helper is suspended for a while, in which the {@link Pace} of regions shows what they take
 * without it, and then it is tried again. From then on it is suspended only if regions take longer
 * with it. The while doubles with each attempt that fails.
 *
 * <p>Written by the one caller that holds the team; the limit is read by every thread.
 */
final class Throttle {
  private static final long WINDOW_NANOS = 20_000_000;
  private static final long MIN_STALL_NANOS = 200_000;
  private static final long LOSS_NANOS = 2_000_000;
  private static final long MIN_PENALTY_NANOS = 50_000_000;
  private static final long MAX_PENALTY_NANOS = 500_000_000;
  private static final int TRIAL_WINDOWS = 10;

  private final int threads;
  private final long lossNanos;
  private volatile int limit;
  private long retryAt;
  private long total;
  private long lost;
  private long gained;
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
   * @param fewer nanoseconds that it takes with fewer threads, 0 if that is not known
   */
  void record(long start, long alone, long end, long fewer) {
    long stall = end - alone;
    // With several chunks per thread an honest wait is shorter than the caller's own share of the
    // work.
    boolean away = stall > MIN_STALL_NANOS && stall > alone - start;
    if (away) {
      lost += stall;
    }
    if (fewer > 0) {
      gained += fewer - (end - start);
    } else if (away) {
      gained -= stall;
    }
    total += end - start;
    if (limit > 1 && lost >= lossNanos && gained <= -lossNanos) {
      suspend(end);
    } else if (total >= WINDOW_NANOS) {
      endWindow(end);
    }
  }

  private void suspend(long now) {
    limit = limit() - 1;
    retryAt = now + penalty;
    penalty = Math.min(2 * penalty, MAX_PENALTY_NANOS);
    begin();
  }

  /** Several times that bring more than they cost, and the next suspension is shorter. */
  private void endWindow(long now) {
    if (limit > 1 && gained <= 0 && lost >= (trial > 0 ? lossNanos / 4 : lossNanos)) {
      suspend(now);
      return;
    }
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
    gained = 0;
  }
}
