package dev.wick.cli.terminal;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * A line on a terminal that shows how far something long has come, and disappears when it is
 * hidden. Quick work never shows one. Thread-safe.
 */
public final class ProgressBar implements AutoCloseable {
  private static final long FIRST_DRAWN_AFTER_NANOS = 500_000_000L;
  private static final long REDRAWN_AFTER_NANOS = 100_000_000L;
  private static final int WIDTH = 24;
  private static final int MAX_LINE = 79;

  private final PrintWriter terminal;
  private final boolean visible;
  private final String label;
  private final LongSupplier clock;
  private long nextDraw;
  private int drawn;
  private boolean closed;

  ProgressBar(PrintWriter terminal, boolean visible, String label) {
    this(terminal, visible, label, System::nanoTime);
  }

  /** A bar with a clock of its own, in nanoseconds. */
  ProgressBar(PrintWriter terminal, boolean visible, String label, LongSupplier clock) {
    this.terminal = terminal;
    this.visible = visible;
    this.label = label;
    this.clock = clock;
    this.nextDraw = clock.getAsLong() + FIRST_DRAWN_AFTER_NANOS;
  }

  /** Shows bytes done of bytes in all. */
  public void update(long done, long total) {
    update(done, total, "");
  }

  /** Shows bytes done of bytes in all, and a remark. */
  public void update(long done, long total, String remark) {
    show(
        total <= 0 ? 0 : (double) done / total,
        "%s of %s%s"
            .formatted(
                Quantities.bytes(done),
                Quantities.bytes(total),
                remark.isEmpty() ? "" : " " + remark));
  }

  /** Shows how much is done, from 0 to 1, and a remark. */
  public synchronized void show(double done, String remark) {
    long now = clock.getAsLong();
    if (!visible || closed || now - nextDraw < 0) {
      return;
    }
    nextDraw = now + REDRAWN_AFTER_NANOS;
    double fraction = Math.clamp(done, 0, 1);
    int filled = (int) (fraction * WIDTH);
    String line =
        String.format(
            Locale.ROOT,
            "%s [%s%s] %3d%% %s",
            label,
            "#".repeat(filled),
            " ".repeat(WIDTH - filled),
            (int) (100 * fraction),
            remark);
    draw(line.length() > MAX_LINE ? line.substring(0, MAX_LINE) : line);
  }

  /** Removes the line until the next update, so that something else can be printed. */
  public synchronized void clear() {
    if (drawn > 0) {
      draw("");
      terminal.print('\r');
      terminal.flush();
      drawn = 0;
    }
  }

  private void draw(String line) {
    terminal.print("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
    terminal.flush();
    drawn = line.length();
  }

  /** Removes the line, for good: something else is about to be printed. */
  public synchronized void hide() {
    clear();
    closed = true;
  }

  /** Removes the line, for good. */
  @Override
  public void close() {
    hide();
  }
}
