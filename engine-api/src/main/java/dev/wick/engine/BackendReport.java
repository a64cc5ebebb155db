package dev.wick.engine;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What looking for one backend found.
 *
 * @param backend name of the backend, or of the module or jar of a provider that is broken
 * @param probe its devices, or the reason why there are none
 * @param provider the provider, if it could be loaded
 */
public record BackendReport(String backend, Probe probe, Optional<BackendProvider> provider) {
  /** The devices, none if the backend cannot run here. */
  public List<DeviceInfo> devices() {
    return probe instanceof Probe.Available available ? available.devices() : List.of();
  }

  /** One line, for example {@code cuda: libcuda.so.1 not found (install the NVIDIA driver)}. */
  @Override
  public String toString() {
    return switch (probe) {
      case Probe.Available available ->
          available.devices().isEmpty()
              ? backend + ": offers no device"
              : available.devices().stream()
                  .map(DeviceInfo::id)
                  .collect(Collectors.joining(", ", backend + ": offers ", ""));
      case Probe.Unavailable unavailable ->
          "%s: %s (%s)".formatted(backend, unavailable.reason(), unavailable.remedy());
    };
  }
}
