package dev.wick.backend.cpu.team;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ThrottleTest {
  private static final long MS = 1_000_000;

  private final Throttle throttle = new Throttle(2);
  private long now = 1;

  /** A region in which the caller computed for a time and then waited for a helper. */
  private void region(long alone, long stall) {
    region(alone, stall, 0);
  }

  /**
   * @param fewer what it takes without the helper, 0 if that is not known
   */
  private void region(long alone, long stall, long fewer) {
    throttle.record(now, now + alone, now + alone + stall, fewer);
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
  void record_failedTrial_suspendsForLonger() {
    region(MS, 4 * MS);
    assertThat(limitAfter(50 * MS)).isEqualTo(2);
    region(MS, 4 * MS);

    assertThat(throttle.limit()).isEqualTo(1);
    assertThat(limitAfter(99 * MS)).isEqualTo(1);
    assertThat(limitAfter(MS)).isEqualTo(2);
  }

  @Test
  void record_smallLossInATrialThatGainsNothing_suspendsAtItsEnd() {
    region(MS, 4 * MS);
    limitAfter(50 * MS);
    region(MS / 2, MS, 2 * MS);
    assertThat(throttle.limit()).isEqualTo(2);
    region(20 * MS, 0, 19 * MS);

    assertThat(throttle.limit()).isEqualTo(1);
  }

  @Test
  void record_lossesButFasterThanWithout_keepTheHelper() {
    region(MS, 4 * MS);
    limitAfter(50 * MS);
    for (int i = 0; i < 100; i++) {
      region(MS, 2 * MS, 6 * MS);
      region(5 * MS, 0, 6 * MS);
    }

    assertThat(throttle.limit()).isEqualTo(2);
  }

  @Test
  void record_lossesAndSlowerThanWithout_suspend() {
    for (int i = 0; i < 5; i++) {
      region(MS, 2 * MS, 2 * MS);
    }

    assertThat(throttle.limit()).isEqualTo(1);
  }

  @Test
  void record_slowerWithoutLosses_keepsTheHelper() {
    for (int i = 0; i < 100; i++) {
      region(4 * MS, 0, 2 * MS);
    }

    assertThat(throttle.limit()).isEqualTo(2);
  }

  @Test
  void retry_afterManyFailures_comesEveryHalfSecond() {
    for (int i = 0; i < 20; i++) {
      assertThat(limitAfter(500 * MS)).isEqualTo(2);
      region(MS, 4 * MS);
    }

    assertThat(limitAfter(499 * MS)).isEqualTo(1);
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
