package dev.wick.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogTest {
  private final PrintStream previous = System.err;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void catchStandardError() {
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void restore() {
    System.setErr(previous);
    Log.setVerbose(false);
  }

  private String printed() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private static System.Logger logger(String name) {
    return new Log().getLogger(name, LogTest.class.getModule());
  }

  @Test
  void log_quiet_showsWarningsOnly() {
    System.Logger logger = logger("dev.wick.engine");

    logger.log(Level.INFO, "opened");
    logger.log(Level.WARNING, "falling back to {0}", "scalar code");
    logger.log(Level.ERROR, "broken", new IllegalStateException("why"));

    assertThat(printed().lines())
        .containsExactly(
            "wick: warning: falling back to scalar code",
            "wick: error: broken",
            "  java.lang.IllegalStateException: why");
  }

  @Test
  void log_verbose_showsMoreOfOursThanOfOthers() {
    Log.setVerbose(true);

    logger("dev.wick.engine").log(Level.DEBUG, "ours");
    logger("jdk.httpclient").log(Level.DEBUG, "theirs");
    logger("jdk.httpclient").log(Level.INFO, "news");

    assertThat(printed().lines()).containsExactly("wick: debug: ours", "wick: info: news");
  }

  @Test
  void systemLogger_inThisProcess_isOurs() {
    System.getLogger("dev.wick.test").log(Level.WARNING, "here");

    assertThat(printed().strip()).isEqualTo("wick: warning: here");
  }
}
