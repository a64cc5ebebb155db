package dev.wick.engine.spi;

import java.util.List;
import java.util.Objects;

/** The outcome of looking for a backend's devices. */
public sealed interface Probe {
  /** The backend can run; best device first. */
  record Available(List<DeviceInfo> devices) implements Probe {
    public Available {
      devices = List.copyOf(devices);
    }
  }

  /**
   * The backend cannot run here.
   *
   * @param reason what is missing
   * @param remedy what the user can do about it
   */
  record Unavailable(String reason, String remedy) implements Probe {
    public Unavailable {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(remedy, "remedy");
    }
  }
}
