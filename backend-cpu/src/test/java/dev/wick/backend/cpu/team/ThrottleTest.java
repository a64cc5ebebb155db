package dev.wick.backend.cpu.team;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ThrottleTest {
  private static final long MS = 1_000_000;

  private final Throttle throttle = new Throttle(2);
  private long now = 1;

  /** A region in which the caller computed for a time and then waited for a helper. */
  private void region(long alone, long stall) {
    throttle.record(now, now + alone, now + alone + stall);
    now += alone + stall;
  }

  private int limitAfter(long nanos) {
    now += nanos;
    return throttle.retry(now);
  }

  @Test
  void record_helperAwayForATimeSlice_isSuspendedAndTriedAgain() {
    region(MS, 4 * MS);

    assertThat(throttle.limit()).isEqualTo(1);
    assertThat(limitAfter(49 * MS)).isEqualTo(1);
    assertThat(limitAfter(MS)).isEqualTo(2);
  }

  @Test
  void record_smallLossInATrial_suspendsAtOnceAndForLonger() {
    region(MS, 4 * MS);
    assertThat(limitAfter(50 * MS)).isEqualTo(2);
    region(MS / 2, MS);

    assertThat(throttle.limit()).isEqualTo(1);
    assertThat(limitAfter(99 * MS)).isEqualTo(1);
    assertThat(limitAfter(MS)).isEqualTo(2);
  }

  @Test
  void retry_afterManyFailures_comesEveryTwoSeconds() {
    for (int i = 0; i < 20; i++) {
      assertThat(limitAfter(2000 * MS)).isEqualTo(2);
      region(MS, 4 * MS);
    }

    assertThat(limitAfter(1999 * MS)).isEqualTo(1);
    assertThat(limitAfter(MS)).isEqualTo(2);
  }

  @Test
  void record_goodWindowsAfterATrial_forgiveTheNextLoss() {
    region(MS, 4 * MS);
    limitAfter(50 * MS);
    for (int i = 0; i < 20; i++) {
      region(20 * MS, 0);
    }
    region(MS / 2, MS);

    assertThat(throttle.limit()).isEqualTo(2);
  }

  @Test
  void record_sameLossOutsideATrial_isForgiven() {
    region(MS / 2, MS);

    assertThat(throttle.limit()).isEqualTo(2);
  }

  @Test
  void record_lossesFarApart_doNotAddUp() {
    for (int i = 0; i < 100; i++) {
      region(MS / 2, MS);
      region(20 * MS, 0);
    }

    assertThat(throttle.limit()).isEqualTo(2);
  }

  @Test
  void record_waitShorterThanTheOwnShare_isNoLoss() {
    for (int i = 0; i < 100; i++) {
      region(30 * MS, 10 * MS);
    }

    assertThat(throttle.limit()).isEqualTo(2);
  }

  @Test
  void record_lossAlone_neverSuspendsTheCaller() {
    region(MS, 4 * MS);
    region(MS, 4 * MS);

    assertThat(throttle.limit()).isEqualTo(1);
  }
}
