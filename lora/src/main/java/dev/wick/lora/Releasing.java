package dev.wick.lora;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Closes what nobody uses any more; a failure concerns no request and is only logged. */
final class Releasing {
  private static final Logger LOG = System.getLogger(Releasing.class.getPackageName());

  private Releasing() {}

  @SuppressWarnings("try") // an interrupt can come out of close(); it is restored
  static void close(AutoCloseable memory, String name) {
    try {
      memory.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      LOG.log(Level.WARNING, "cannot free adapter " + name + ", its memory is lost", e);
    }
  }
}
