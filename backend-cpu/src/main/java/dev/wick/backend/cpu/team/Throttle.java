package dev.wick.backend.cpu.team;

/**
 * Decides how many threads of a team take part, from the time that callers lose to helpers which
 * the operating system has taken off their core in the middle of a chunk.
 *
 * <p>Written by the one caller that holds the team; the limit is read by every thread.
 */
final class Throttle {
  private static final long WINDOW_NANOS = 20_000_000;
  private static final long MIN_LOSS_NANOS = 200_000;
  private static final long MIN_PENALTY_NANOS = 50_000_000;
  private static final long MAX_PENALTY_NANOS = 2_000_000_000;

  private final int threads;
  private volatile int limit;
  private long retryAt;
  private long total;
  private long lost;
  private long penalty = MIN_PENALTY_NANOS;

  Throttle(int threads) {
    this.threads = threads;
    this.limit = threads;
  }

  /** Threads that may take part now, the caller included. */
  int limit() {
    return limit;
  }

  /** The limit after giving a suspended thread another chance, if one has waited long enough. */
  int retry() {
    int current = limit;
    if (current == threads) {
      return current;
    }
    long now = System.nanoTime();
    if (now - retryAt >= 0) {
      current++;
      limit = current;
      retryAt = now + penalty;
    }
    return current;
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
    if (stall > MIN_LOSS_NANOS && stall > alone - start) {
      lost += stall;
    }
    total += end - start;
    if (total < WINDOW_NANOS) {
      return;
    }
    if (lost * 5 > total && limit > 1) {
      limit = limit() - 1;
      retryAt = end + penalty;
      penalty = Math.min(2 * penalty, MAX_PENALTY_NANOS);
    } else if (limit == threads) {
      penalty = Math.max(penalty / 2, MIN_PENALTY_NANOS);
    }
    total = 0;
    lost = 0;
  }
}
