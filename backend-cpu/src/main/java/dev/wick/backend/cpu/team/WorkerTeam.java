package dev.wick.backend.cpu.team;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of daemon threads that help a calling thread through the chunks of a {@link Region}.
 *
 * <p>Thread-safe: one region runs at a time; a caller that finds the team busy computes alone,
 * which changes no result.
 */
public final class WorkerTeam implements AutoCloseable {
  /*
   * Every thread owns a range of chunks and goes through it from the front, so that it reads memory as one stream;
   * handing out chunks in turn would start a new stream with each. A thread without chunks left takes some from the
   * back of the others' ranges. A range is one word that holds (end << 32 | next). A successful compare-and-set both
   * proves that the range belongs to the region now running and takes the chunk, so that a thread which wakes late finds
   * nothing to do and nobody waits for it: the caller waits only for chunks that are really under way. Both sides spin
   * for some microseconds, which covers the gaps between the operations of a token, and then park, because a spinning
   * thread that shares its core with a foreign process costs more than it brings.
   */
  private static final int LINE = 16;
  private static final int NUMBER = LINE;
  private static final int DONE = 2 * LINE;
  private static final int RANGES = 3 * LINE;
  private static final long ONE_AT_END = 1L << 32;
  private static final int SPINS = 1_000;
  private static final long PROBE_NANOS = 250_000;
  private static final long LONG_NANOS = 10_000_000;

  private final Thread[] threads;
  private final Worker[] workers;
  private final ParkedFlag[] parked;
  private final Arena arena = Arena.ofShared();
  private final AtomicLongArray words;
  private final AtomicBoolean taken = new AtomicBoolean();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final Throttle throttle;

  /** Threads that take part in the region, the caller included. */
  private volatile int parties;

  /** When the caller found no chunk of the last region left to claim. */
  private long alone;

  private volatile boolean closed;
  private volatile @Nullable Thread waiter;
  private @Nullable Region region;

  /**
   * A team of {@code size} threads, the caller included.
   *
   * @throws IllegalArgumentException if the size is not between 1 and 1024
   */
  public WorkerTeam(int size) {
    this(size, new Throttle(size));
  }

  WorkerTeam(int size, Throttle throttle) {
    if (size < 1 || size > 1024) {
      throw new IllegalArgumentException("team: expected 1 to 1024 threads, got " + size);
    }
    this.throttle = throttle;
    words = new AtomicLongArray(RANGES + (size + 1) * LINE);
    threads = new Thread[size - 1];
    workers = new Worker[size - 1];
    parked = new ParkedFlag[size - 1];
    for (int i = 0; i < threads.length; i++) {
      int slot = i;
      workers[i] = new Worker(i + 1, arena);
      parked[i] = new ParkedFlag();
      threads[i] =
          Thread.ofPlatform().daemon().name("wick-cpu-" + (i + 1)).unstarted(() -> loop(slot));
    }
    for (Thread thread : threads) {
      thread.start();
    }
  }

  /** Number of threads, the caller included. */
  public int size() {
    return threads.length + 1;
  }

  /**
   * Runs every chunk of a region, on the calling thread and on those of the team that come in time.
   *
   * @param caller the calling thread's identity and scratch
   * @param pace of the region, if it runs again and again
   * @throws RuntimeException the first failure of a chunk; the other chunks have run or failed by
   *     then
   */
  public void run(Worker caller, Region work, int chunks, @Nullable Pace pace) {
    if (runsAlone(chunks)) {
      runAlone(caller, work, chunks);
      return;
    }
    try {
      long start = System.nanoTime();
      int limit = throttle.retry(start);
      int done = limit == 1 ? runAloneWhileShort(caller, work, chunks, start) : 0;
      if (done < chunks) {
        runShared(caller, work, done, chunks, limit == 1 ? size() : limit);
      }
      long end = System.nanoTime();
      if (limit > 1) {
        throttle.record(start, alone, end, pace == null ? 0 : pace.nanosWithFewerThan(limit));
      }
      if (pace != null && limit < size() && (limit > 1 || done == chunks)) {
        pace.record(limit, end - start);
      }
    } finally {
      taken.set(false);
    }
  }

  /**
   * As {@link #run}, where arithmetic takes longer than memory, so that two threads are twice as
   * fast as one: a helper that is off its core half of the time loses nothing then, and one that
   * was so lately brings a lot, so that none is ever suspended.
   */
  void compute(Worker caller, Region work, int chunks) {
    if (runsAlone(chunks)) {
      runAlone(caller, work, chunks);
      return;
    }
    try {
      runShared(caller, work, 0, chunks, size());
    } finally {
      taken.set(false);
    }
  }

  /** Whether the caller gets no help; otherwise the team is its own until it gives it back. */
  private boolean runsAlone(int chunks) {
    return chunks <= 1 || threads.length == 0 || !taken.compareAndSet(false, true);
  }

  private static void runAlone(Worker caller, Region work, int chunks) {
    for (int chunk = 0; chunk < chunks; chunk++) {
      work.run(caller, chunk);
    }
  }

  /**
   * Runs chunks until it is clear that those which are left take long: longer than the system keeps
   * a helper off its core, so that even suspended ones are a gain.
   *
   * @return chunks that have run
   */
  private static int runAloneWhileShort(Worker caller, Region work, int chunks, long start) {
    int done = 0;
    while (done < chunks) {
      work.run(caller, done++);
      long elapsed = System.nanoTime() - start;
      if (elapsed > PROBE_NANOS && elapsed * (chunks - done) > LONG_NANOS * done) {
        break;
      }
    }
    return done;
  }

  private void runShared(Worker caller, Region work, int first, int end, int limit) {
    int chunks = end - first;
    region = work;
    words.set(DONE, 0);
    parties = Math.min(limit, chunks);
    for (int i = 0; i < parties; i++) {
      long from = first + (long) chunks * i / parties;
      long to = first + (long) chunks * (i + 1) / parties;
      words.set(RANGES + i * LINE, to << 32 | from);
    }
    words.set(NUMBER, words.get(NUMBER) + 1);
    wake(parties - 1);
    int own = claimAll(caller);
    words.getAndAdd(DONE, own);
    alone = System.nanoTime();
    awaitOthers(chunks);
    region = null;
    Throwable thrown = failure.getAndSet(null);
    if (thrown != null) {
      rethrow(thrown);
    }
  }

  private void wake(int helpers) {
    for (int i = 0; i < helpers; i++) {
      if (parked[i].value) {
        LockSupport.unpark(threads[i]);
      }
    }
  }

  private int claimAll(Worker worker) {
    int own = worker.index();
    int count = claimFrom(worker, own, false);
    for (int i = 1; i < size(); i++) {
      count += claimFrom(worker, (own + i) % size(), true);
    }
    return count;
  }

  private int claimFrom(Worker worker, int owner, boolean atEnd) {
    int word = RANGES + owner * LINE;
    int count = 0;
    long range = words.get(word);
    while ((int) range < (int) (range >>> 32)) {
      if (words.compareAndSet(word, range, atEnd ? range - ONE_AT_END : range + 1)) {
        runChunk(worker, atEnd ? (int) (range >>> 32) - 1 : (int) range);
        count++;
      }
      range = words.get(word);
    }
    return count;
  }

  // A failure must reach the caller from whatever thread it happens on, and the count of finished
  // chunks must stay
  // right, or the caller would wait for ever: hence Throwable.
  private void runChunk(Worker worker, int chunk) {
    Region current = region;
    try {
      if (current != null) {
        current.run(worker, chunk);
      }
    } catch (Throwable thrown) {
      failure.compareAndSet(null, thrown);
    }
  }

  private void awaitOthers(int chunks) {
    int spins = 0;
    while (words.get(DONE) != chunks) {
      if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        waiter = Thread.currentThread();
        if (words.get(DONE) != chunks) {
          LockSupport.park(this);
        }
        waiter = null;
      }
    }
  }

  private void loop(int slot) {
    Worker worker = workers[slot];
    ParkedFlag flag = parked[slot];
    long seen = 0;
    int spins = 0;
    while (!closed) {
      long number = words.get(NUMBER);
      if (number != seen && slot + 1 < parties) {
        seen = number;
        int count = claimAll(worker);
        if (count > 0) {
          words.getAndAdd(DONE, count);
          Thread waiting = waiter;
          if (waiting != null) {
            LockSupport.unpark(waiting);
          }
        }
        spins = 0;
      } else if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        flag.value = true;
        if (words.get(NUMBER) == number && !closed) {
          LockSupport.park(this);
        }
        flag.value = false;
        spins = 0;
      }
    }
  }

  private static void rethrow(Throwable thrown) {
    switch (thrown) {
      case RuntimeException unchecked -> throw unchecked;
      case Error error -> throw error;
      default ->
          throw new IllegalStateException("team: a region threw a checked exception", thrown);
    }
  }

  /**
   * Ends the threads and frees their scratch. Idempotent.
   *
   * @throws IllegalStateException if a region is running
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (!taken.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "team: expected no running region, got close() while one runs");
    }
    closed = true;
    boolean interrupted = false;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException stop) {
          interrupted = true;
        }
      }
    }
    arena.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A flag on a cache line that no other thread's flag shares. */
  private static final class ParkedFlag {
    @SuppressWarnings("unused")
    private final long[] padding = new long[16];

    volatile boolean value;
  }
}
