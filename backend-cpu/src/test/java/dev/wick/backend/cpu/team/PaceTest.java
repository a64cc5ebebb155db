package dev.wick.backend.cpu.team;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PaceTest {
  private final Pace pace = new Pace();

  @Test
  void nanosWithFewerThan_noRun_isUnknown() {
    assertThat(pace.nanosWithFewerThan(2)).isZero();
  }

  @Test
  void nanosWithFewerThan_runOfAsMany_isUnknown() {
    pace.record(2, 1000);

    assertThat(pace.nanosWithFewerThan(2)).isZero();
    assertThat(pace.nanosWithFewerThan(3)).isEqualTo(1000);
  }

  @Test
  void record_runThatWasInterrupted_countsForAPart() {
    pace.record(1, 1000);
    pace.record(1, 1_000_000);

    assertThat(pace.nanosWithFewerThan(2)).isEqualTo(1250);
  }

  @Test
  void record_fasterRuns_areBelieved() {
    pace.record(1, 1000);
    for (int i = 0; i < 20; i++) {
      pace.record(1, 400);
    }

    assertThat(pace.nanosWithFewerThan(2)).isBetween(390L, 410L);
  }

  @Test
  void record_runOfOthers_replaces() {
    pace.record(1, 1000);
    pace.record(3, 500);

    assertThat(pace.nanosWithFewerThan(4)).isEqualTo(500);
    assertThat(pace.nanosWithFewerThan(3)).isZero();
  }
}
