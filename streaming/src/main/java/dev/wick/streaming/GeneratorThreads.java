package dev.wick.streaming;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The daemon threads of a generator: as many as it has requests to work on, gone when idle. */
final class GeneratorThreads implements AutoCloseable {
  private static final int IDLE_SECONDS = 10;

  private final AtomicInteger count = new AtomicInteger();
  private final ThreadPoolExecutor executor =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> new Worker(task, this));

  void execute(Runnable task) {
    executor.execute(task);
  }

  /** Refuses new tasks and waits for those under way, unless one of them is the caller. */
  @Override
  public void close() {
    executor.shutdown();
    if (!(Thread.currentThread() instanceof Worker worker && worker.owner == this)) {
      executor.close();
    }
  }

  private static final class Worker extends Thread {
    private final GeneratorThreads owner;

    Worker(Runnable task, GeneratorThreads owner) {
      super(task, "wick-generator-" + owner.count.incrementAndGet());
      this.owner = owner;
      setDaemon(true);
    }
  }
}
