package dev.wick.limits;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntConsumer;

/** Runs a probe on several threads at once. */
final class Threads {
  private Threads() {}

  /** Amount per second, from the common start to the end of the last thread. */
  static double time(int threads, IntConsumer work, double amount) throws InterruptedException {
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int index = i;
      running.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      start.await();
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                      return;
                    }
                    work.accept(index);
                  }));
    }
    long begin = System.nanoTime();
    start.countDown();
    for (Thread thread : running) {
      thread.join();
    }
    return amount * 1e9 / (System.nanoTime() - begin);
  }
}
