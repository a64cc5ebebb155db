package dev.wick.backend.cpu.team;

/**
 * How long a region that runs again and again takes with fewer threads than the team has: what a
 * helper is worth that is away at times can only be told beside that.
 *
 * <p>Belongs to one region; written by whoever runs it.
 */
public final class Pace {
  /** A run changes the expectation by this part at most: one may have been interrupted. */
  private static final int CAUTION = 4;

  private int threads;
  private long nanos;

  /** A region that has not run yet. */
  public Pace() {}

  /**
   * Notes a run.
   *
   * @param threads that took part, fewer than there are
   */
  void record(int threads, long nanos) {
    if (this.threads == threads) {
      long most = this.nanos / CAUTION;
      this.nanos += Math.clamp(nanos - this.nanos, -most, most);
    } else {
      this.threads = threads;
      this.nanos = nanos;
    }
  }

  /** What to expect of fewer than so many threads, 0 if that is not known. */
  long nanosWithFewerThan(int threads) {
    return this.threads < threads ? nanos : 0;
  }
}
