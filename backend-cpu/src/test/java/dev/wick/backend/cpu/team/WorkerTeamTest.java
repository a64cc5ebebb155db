package dev.wick.backend.cpu.team;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
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

  @Test
  void throttle_stalledHelper_isSuspendedAndTriedAgain() {
    Throttle throttle = new Throttle(2);
    long now = System.nanoTime() - 1_000_000_000L;

    // The caller computes for 5 ms and then waits 20 ms for the helper's chunk.
    throttle.record(now, now + 5_000_000, now + 25_000_000);

    assertThat(throttle.limit()).isEqualTo(1);
    assertThat(throttle.retry()).isEqualTo(2);
  }

  @Test
  void throttle_balancedHelper_isKept() {
    Throttle throttle = new Throttle(2);
    long now = System.nanoTime();

    throttle.record(now, now + 30_000_000, now + 40_000_000);

    assertThat(throttle.limit()).isEqualTo(2);
  }
}
