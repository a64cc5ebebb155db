package dev.wick.cli.terminal;

import java.time.Duration;
import java.util.Locale;

/** Numbers with units, for people. */
public final class Quantities {
  private static final String[] BYTE_UNITS = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};

  private Quantities() {}

  /** Bytes in decimal units, for example {@code 1.2 GB}. */
  public static String bytes(long count) {
    double value = count;
    int unit = 0;
    while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    String format = unit == 0 || value >= 99.5 ? "%.0f %s" : "%.1f %s";
    return String.format(Locale.ROOT, format, value, BYTE_UNITS[unit]);
  }

  /** A count in short, for example {@code 494.0M}. */
  public static String count(long count) {
    String[] units = {"", "K", "M", "B", "T"};
    double value = count;
    int unit = 0;
    while (value >= 999.95 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f%s" : "%.1f%s", value, units[unit]);
  }

  /** A rate per second, for example {@code 20.4}. */
  public static String rate(double perSecond) {
    return String.format(Locale.ROOT, "%.1f", perSecond);
  }

  /** A duration in seconds, for example {@code 0.42 s}. */
  public static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.2f s", duration.toNanos() / 1e9);
  }
}
