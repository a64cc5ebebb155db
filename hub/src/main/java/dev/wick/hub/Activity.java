package dev.wick.hub;

import java.time.Duration;

/** When something last came in, and how long nothing may. Thread-safe. */
final class Activity {
  private final Duration limit;
  private volatile long lastNanos = System.nanoTime();

  Activity(Duration limit) {
    this.limit = limit;
  }

  Duration limit() {
    return limit;
  }

  void touch() {
    lastNanos = System.nanoTime();
  }

  /** Time until the limit is reached; not positive from then on. */
  long leftNanos() {
    return limit.toNanos() - (System.nanoTime() - lastNanos);
  }
}
