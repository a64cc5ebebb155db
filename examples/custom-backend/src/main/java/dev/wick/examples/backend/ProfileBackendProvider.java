package dev.wick.examples.backend;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceException;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Spi;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * Offers, for each device of the other backends, one that measures it: {@code profile:cpu:0} for
 * {@code cpu:0}. They are of kind FALLBACK, so that {@code auto} does not take them.
 */
public final class ProfileBackendProvider implements BackendProvider {
  private static final String NAME = "profile";

  /** A provider. */
  public ProfileBackendProvider() {}

  @Override
  public int spiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Probe probe() {
    List<DeviceInfo> devices = choices().stream().map(Choice::profiled).toList();
    return devices.isEmpty()
        ? new Probe.Unavailable(
            "no other backend has a device here", "add one, for example wick-backend-cpu")
        : new Probe.Available(devices);
  }

  @Override
  public Device open(DeviceInfo device) {
    for (Choice choice : choices()) {
      if (choice.profiled().id().equals(device.id())) {
        return new ProfileDevice(choice.profiled(), choice.provider().open(choice.device()));
      }
    }
    throw new DeviceException(
        "%s: open: expected one of %s, got %s"
            .formatted(NAME, choices().stream().map(c -> c.profiled().id()).toList(), device.id()));
  }

  private static List<Choice> choices() {
    List<Choice> choices = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class).stream()
        .filter(found -> found.type() != ProfileBackendProvider.class)
        .map(ServiceLoader.Provider::get)
        .filter(provider -> provider.spiVersion() == Spi.VERSION)
        .forEach(
            provider -> {
              if (provider.probe() instanceof Probe.Available(List<DeviceInfo> devices)) {
                devices.forEach(device -> choices.add(new Choice(provider, device)));
              }
            });
    return choices;
  }

  /** A device that can be measured. */
  private record Choice(BackendProvider provider, DeviceInfo device) {
    DeviceInfo profiled() {
      return new DeviceInfo(
          NAME + ":" + device.id(),
          DeviceInfo.Kind.FALLBACK,
          "measures " + device.description(),
          device.memoryBytes(),
          device.unifiedMemory());
    }
  }
}
