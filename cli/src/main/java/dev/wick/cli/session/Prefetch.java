package dev.wick.cli.session;

import dev.wick.formats.Checkpoint;

/** Reads weights into memory on a thread of its own, until it is done or closed. */
final class Prefetch implements AutoCloseable {
  private final Thread thread;

  Prefetch(Checkpoint checkpoint, LoadingBar bar) {
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("wick-prefetch")
            .start(
                () ->
                    checkpoint.prefetch(
                        progress -> bar.read(progress.bytesDone(), progress.bytesTotal())));
  }

  /** Stops reading and waits for the thread, so that the files can be unmapped. */
  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
