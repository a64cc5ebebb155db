package dev.wick.backend.cpu.team;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerTeamTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void run_manyRegions_everyChunkOnce(int threads) {
    try (WorkerTeam team = new WorkerTeam(threads);
        Execution execution = new Execution(team)) {
      for (int chunks : new int[] {0, 1, 2, 3, 17, 1000}) {
        AtomicIntegerArray seen = new AtomicIntegerArray(Math.max(1, chunks));

        for (int i = 0; i < 50; i++) {
          execution.run((_, chunk) -> seen.incrementAndGet(chunk), chunks);
        }

        for (int chunk = 0; chunk < chunks; chunk++) {
          assertThat(seen.get(chunk)).as("chunk %d of %d", chunk, chunks).isEqualTo(50);
        }
      }
    }
  }

  @Test
  void run_chunksThatWaitForEachOther_useSeveralThreads() {
    CountDownLatch both = new CountDownLatch(2);
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      execution.run(
          (_, _) -> {
            both.countDown();
            await(both);
          },
          2);
    }

    assertThat(both.getCount()).isZero();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 30})
  void takeAlong_chunksOfAnotherRegion_everyChunkOfBothOnce(int chunks) {
    try (WorkerTeam team = new WorkerTeam(3);
        Execution execution = new Execution(team)) {
      AtomicIntegerArray along = new AtomicIntegerArray(5);
      AtomicIntegerArray seen = new AtomicIntegerArray(31);

      execution.takeAlong((_, chunk) -> along.incrementAndGet(chunk), 5);
      execution.run((_, chunk) -> seen.incrementAndGet(chunk), chunks);
      execution.runAlongside();
      execution.runAlongside();
      execution.run((_, chunk) -> seen.incrementAndGet(chunk), 31);

      assertThat(along).hasToString("[1, 1, 1, 1, 1]");
      for (int chunk = 0; chunk < 31; chunk++) {
        assertThat(seen.get(chunk)).as("chunk %d", chunk).isEqualTo(chunk < chunks ? 2 : 1);
      }
    }
  }

  @Test
  void takeAlong_noRegionFollows_runsOnTheCaller() {
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      List<Integer> workers = new ArrayList<>();
      execution.takeAlong((worker, _) -> workers.add(worker.index()), 3);

      execution.runAlongside();

      assertThat(workers).containsExactly(0, 0, 0);
    }
  }

  @Test
  void run_failingChunk_throwsItAndStaysUsable() {
    try (WorkerTeam team = new WorkerTeam(3);
        Execution execution = new Execution(team)) {
      Region failing =
          (_, chunk) -> {
            if (chunk == 7) {
              throw new IllegalArgumentException("gather: expected indices in 0..3, got 9");
            }
          };

      assertThatThrownBy(() -> execution.run(failing, 20))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("gather: expected indices in 0..3, got 9");
      AtomicInteger count = new AtomicInteger();
      execution.run((_, _) -> count.incrementAndGet(), 20);
      assertThat(count).hasValue(20);
    }
  }

  @Test
  void run_twoCallersAtOnce_bothFinish() throws InterruptedException {
    try (WorkerTeam team = new WorkerTeam(2)) {
      AtomicInteger count = new AtomicInteger();
      Runnable caller =
          () -> {
            try (Execution execution = new Execution(team)) {
              for (int i = 0; i < 200; i++) {
                execution.run((_, _) -> count.incrementAndGet(), 10);
              }
            }
          };
      Thread first = Thread.ofPlatform().start(caller);
      Thread second = Thread.ofPlatform().start(caller);

      first.join();
      second.join();

      assertThat(count).hasValue(4000);
    }
  }

  @Test
  void constructor_noThreads_isRefused() {
    assertThatThrownBy(() -> new WorkerTeam(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("team: expected 1 to 1024 threads, got 0");
  }

  @Test
  void close_twice_isHarmless() {
    WorkerTeam team = new WorkerTeam(2);

    team.close();
    team.close();

    assertThat(team.size()).isEqualTo(2);
  }

  /** Gaps between regions longer than anyone spins: every region has to wake its helpers again. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void run_helpersAsleepBetweenRegions_useThemEveryTime(int threads) {
    // On a busy machine helpers would be suspended, and nobody would count down.
    Throttle never = new Throttle(threads, Long.MAX_VALUE);
    try (WorkerTeam team = new WorkerTeam(threads, never);
        Execution execution = new Execution(team)) {
      for (int i = 0; i < 50; i++) {
        CountDownLatch both = new CountDownLatch(2);
        LockSupport.parkNanos(1_000_000);

        execution.run(
            (_, _) -> {
              both.countDown();
              await(both);
            },
            2);

        assertThat(both.getCount()).as("region %d", i).isZero();
      }
    }
  }

  @Test
  void run_suspendedHelper_takesPartInLongRegions() {
    Throttle suspended = new Throttle(2);
    long inAnHour = System.nanoTime() + 3_600_000_000_000L;
    suspended.record(inAnHour - 10_000_000, inAnHour - 10_000_000, inAnHour, 0);
    assertThat(suspended.limit()).isEqualTo(1);
    AtomicIntegerArray runs = new AtomicIntegerArray(1000);
    AtomicBoolean helped = new AtomicBoolean();
    try (WorkerTeam team = new WorkerTeam(2, suspended);
        Execution execution = new Execution(team)) {
      execution.run(
          (worker, chunk) -> {
            runs.incrementAndGet(chunk);
            helped.compareAndSet(false, worker.index() == 1);
            long end = System.nanoTime() + 500_000;
            while (!helped.get() && System.nanoTime() < end) {
              Thread.onSpinWait();
            }
          },
          runs.length());
    }

    assertThat(helped).isTrue();
    for (int chunk = 0; chunk < runs.length(); chunk++) {
      assertThat(runs.get(chunk)).as("chunk %d", chunk).isEqualTo(1);
    }
  }

  @Test
  void compute_suspendedHelper_takesPartInShortRegions() {
    Throttle suspended = new Throttle(2);
    long inAnHour = System.nanoTime() + 3_600_000_000_000L;
    suspended.record(inAnHour - 10_000_000, inAnHour - 10_000_000, inAnHour, 0);
    assertThat(suspended.limit()).isEqualTo(1);
    CountDownLatch both = new CountDownLatch(2);
    try (WorkerTeam team = new WorkerTeam(2, suspended);
        Execution execution = new Execution(team)) {
      execution.compute(
          (_, _) -> {
            both.countDown();
            await(both);
          },
          2);
    }

    assertThat(both.getCount()).isZero();
    assertThat(suspended.limit()).isEqualTo(1);
  }

  /** More runnable threads than processors: whoever is taken off in the middle is waited for. */
  @Test
  void run_processorsBusy_everyChunkOnceAndNoWakeUpLost() throws InterruptedException {
    AtomicBoolean busy = new AtomicBoolean(true);
    List<Thread> others = new ArrayList<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors() + 1; i++) {
      others.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (busy.get()) {
                      Thread.onSpinWait();
                    }
                  }));
    }
    try (WorkerTeam team = new WorkerTeam(3);
        Execution execution = new Execution(team)) {
      AtomicIntegerArray seen = new AtomicIntegerArray(64);

      for (int i = 0; i < 300; i++) {
        execution.run((_, chunk) -> seen.incrementAndGet(chunk), 64);
      }

      for (int chunk = 0; chunk < 64; chunk++) {
        assertThat(seen.get(chunk)).as("chunk %d", chunk).isEqualTo(300);
      }
    } finally {
      busy.set(false);
      for (Thread other : others) {
        other.join();
      }
    }
  }

  @Test
  void run_helperFails_throwsItToTheCaller() {
    Thread caller = Thread.currentThread();
    CountDownLatch both = new CountDownLatch(2);
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      Region failing =
          (_, _) -> {
            both.countDown();
            await(both);
            if (Thread.currentThread() != caller) {
              throw new IllegalStateException("chunk: expected another thread");
            }
          };

      assertThatThrownBy(() -> execution.run(failing, 2))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("chunk: expected another thread");
    }
  }

  @Test
  void close_helpersAsleep_endsThem() {
    WorkerTeam team = new WorkerTeam(3);
    LockSupport.parkNanos(2_000_000);

    team.close();

    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("wick-cpu-"));
  }

  @Test
  @SuppressWarnings("try") // closed in the middle on purpose
  void close_whileARegionRuns_isRefused() {
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      Region closing = (_, _) -> team.close();

      assertThatThrownBy(() -> execution.run(closing, 2))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("team: expected no running region, got close() while one runs");
    }
  }
}
