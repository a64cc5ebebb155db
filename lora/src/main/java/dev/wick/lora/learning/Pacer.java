package dev.wick.lora.learning;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Keeps computing to a share of the time, and hears when to stop. Thread-safe. */
final class Pacer {
  private final double share;
  private final CountDownLatch stopped = new CountDownLatch(1);

  Pacer(double share) {
    this.share = share;
  }

  /** Waits in proportion to what was computed, or until all is to stop. */
  void rest(long computedNanos) {
    long nanos = (long) (computedNanos * (1 / share - 1));
    if (nanos > 0) {
      try {
        var _ = stopped.await(nanos, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        stop();
      }
    }
  }

  boolean isStopped() {
    return stopped.getCount() == 0;
  }

  void stop() {
    stopped.countDown();
  }
}
