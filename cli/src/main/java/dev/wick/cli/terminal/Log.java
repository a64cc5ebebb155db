package dev.wick.cli.terminal;

import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * The log of the whole process: warnings on standard error, and more if asked. The JDK takes it in
 * place of its own, which would print what concerns nobody at a terminal.
 */
public final class Log extends System.LoggerFinder {
  private static volatile boolean verbose;

  /** Made by the JDK, as a service. */
  public Log() {}

  /** Whether messages below a warning are shown: ours from DEBUG on, those of others from INFO. */
  public static void setVerbose(boolean value) {
    verbose = value;
  }

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new StandardError(name);
  }

  private record StandardError(String name) implements System.Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      Level least =
          !verbose ? Level.WARNING : name.startsWith("dev.wick") ? Level.DEBUG : Level.INFO;
      return level != Level.OFF && level.getSeverity() >= least.getSeverity();
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String message,
        @Nullable Throwable thrown) {
      if (!isLoggable(level)) {
        return;
      }
      System.err.println("wick: " + level.getName().toLowerCase(Locale.ROOT) + ": " + message);
      if (thrown != null && verbose) {
        thrown.printStackTrace();
      } else if (thrown != null) {
        System.err.println("  " + thrown);
      }
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String format,
        @Nullable Object @Nullable ... params) {
      if (isLoggable(level)) {
        boolean plain = format == null || params == null || params.length == 0;
        log(level, bundle, plain ? format : MessageFormat.format(format, params), (Throwable) null);
      }
    }
  }
}
