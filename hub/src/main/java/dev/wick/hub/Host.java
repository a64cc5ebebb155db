package dev.wick.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What a download asks of the machine besides files and sockets, so that a test can answer.
 *
 * @param sleep waits between attempts
 * @param nanoTime a clock for rates
 * @param usableSpace bytes that may be written to a folder's disk
 */
record Host(Sleep sleep, NanoTime nanoTime, UsableSpace usableSpace) {

  /** Waits. */
  @FunctionalInterface
  interface Sleep {
    void sleep(Duration duration) throws InterruptedException;
  }

  /** A clock as {@link System#nanoTime()}. */
  @FunctionalInterface
  interface NanoTime {
    long now();
  }

  /** Free bytes of a folder's disk. */
  @FunctionalInterface
  interface UsableSpace {
    long bytes(Path folder) throws IOException;
  }

  static Host system() {
    return new Host(
        Thread::sleep, System::nanoTime, folder -> Files.getFileStore(folder).getUsableSpace());
  }
}
