package dev.wick.cli.session;

import dev.wick.cli.terminal.ProgressBar;
import dev.wick.cli.terminal.Streams;

/**
 * One bar for the two halves of loading that run at the same time: reading the files ahead, and
 * bringing the weights to the device. It shows the half that is behind. Thread-safe.
 */
final class LoadingBar implements AutoCloseable {
  private final ProgressBar bar;
  private long totalBytes;
  private double read;
  private double placed;

  LoadingBar(Streams streams) {
    this.bar = streams.progress("loading");
  }

  /** So many bytes of the files are in memory. */
  synchronized void read(long doneBytes, long ofBytes) {
    totalBytes = ofBytes;
    read = fraction(doneBytes, ofBytes);
    show();
  }

  /** The files are not read ahead. */
  synchronized void skipReading() {
    read = 1;
  }

  /** So many bytes of the weights are on the device. */
  synchronized void placed(long doneBytes, long ofBytes) {
    totalBytes = ofBytes;
    placed = fraction(doneBytes, ofBytes);
    show();
  }

  private void show() {
    bar.update((long) (Math.min(read, placed) * totalBytes), totalBytes);
  }

  private static double fraction(long done, long of) {
    return of == 0 ? 1 : (double) done / of;
  }

  /** Removes the bar. */
  void hide() {
    bar.hide();
  }

  @Override
  public void close() {
    hide();
  }
}
