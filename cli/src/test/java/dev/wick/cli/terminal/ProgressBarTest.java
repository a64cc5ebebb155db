package dev.wick.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
  private final StringWriter terminal = new StringWriter();
  private long now;

  private ProgressBar bar(boolean visible) {
    return new ProgressBar(new PrintWriter(terminal), visible, "load", () -> now);
  }

  private void pass(long millis) {
    now += millis * 1_000_000;
  }

  @Test
  void update_quickWork_showsNothing() {
    try (ProgressBar bar = bar(true)) {
      pass(100);
      bar.update(10, 10);
    }

    assertThat(terminal.toString()).isEmpty();
  }

  @Test
  void update_longWork_showsHowFar() {
    try (ProgressBar bar = bar(true)) {
      pass(600);
      bar.update(500_000_000, 1_000_000_000, "2 files");
    }

    assertThat(terminal.toString())
        .startsWith("\rload [############            ]  50% 500 MB of 1.0 GB 2 files");
  }

  @Test
  void close_shownBar_leavesAnEmptyLine() {
    try (ProgressBar bar = bar(true)) {
      pass(600);
      bar.update(1, 2);
      bar.hide();
      pass(600);
      bar.update(2, 2);
    }

    String[] drawn = terminal.toString().split("\r", -1);
    assertThat(drawn).hasSize(4);
    assertThat(drawn[2]).isBlank().hasSameSizeAs(drawn[1]);
    assertThat(drawn[3]).isEmpty();
  }

  @Test
  void update_often_isDrawnTenTimesASecond() {
    try (ProgressBar bar = bar(true)) {
      for (int i = 0; i < 1500; i++) {
        pass(1);
        bar.update(i, 1500);
      }
    }

    assertThat(terminal.toString().split("\rload", -1)).hasSize(1 + 11);
  }

  @Test
  void update_noTerminal_showsNothing() {
    try (ProgressBar bar = bar(false)) {
      pass(600);
      bar.update(1, 2);
    }

    assertThat(terminal.toString()).isEmpty();
  }
}
