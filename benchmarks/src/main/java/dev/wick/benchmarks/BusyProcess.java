package dev.wick.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process of its own with one thread that does nothing but take a processor's time, at normal
 * priority. It ends when it is closed, or when the process that started it does.
 */
final class BusyProcess implements AutoCloseable {
  private static final int READY = '.';

  private final Process process;

  private BusyProcess(Process process) {
    this.process = process;
  }

  /** Starts one and returns when it is busy. */
  static BusyProcess start() throws IOException {
    String java = ProcessHandle.current().info().command().orElseThrow();
    String path = System.getProperty("java.class.path");
    Process process =
        new ProcessBuilder(
                List.of(
                    java, "-XX:+UseSerialGC", "-Xmx16m", "-cp", path, BusyProcess.class.getName()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (process.getInputStream().read() != READY) {
      process.destroyForcibly();
      throw new IOException("expected a busy process, got one that did not start");
    }
    return new BusyProcess(process);
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    try {
      if (!process.waitFor(2, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Spins until its standard input ends. */
  public static void main(String[] args) throws IOException {
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              System.out.write(READY);
              System.out.flush();
              while (true) {
                Thread.onSpinWait();
              }
            });
    while (System.in.read() >= 0) {
      // only its end matters
    }
  }
}
