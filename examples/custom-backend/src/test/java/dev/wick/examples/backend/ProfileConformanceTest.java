package dev.wick.examples.backend;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tck.BackendConformance;
import java.util.List;

/** The proof that measuring changes no result: the device on top of the cpu backend conforms. */
class ProfileConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new OnCpu();
  }

  /** The backend without the devices on the kit's own reference backend, which is here as well. */
  private static final class OnCpu implements BackendProvider {
    private final BackendProvider provider = new ProfileBackendProvider();

    @Override
    public int spiVersion() {
      return provider.spiVersion();
    }

    @Override
    public String name() {
      return provider.name();
    }

    @Override
    public Probe probe() {
      return switch (provider.probe()) {
        case Probe.Available(List<DeviceInfo> devices) ->
            new Probe.Available(
                devices.stream().filter(d -> d.id().startsWith("profile:cpu:")).toList());
        case Probe.Unavailable missing -> missing;
      };
    }

    @Override
    public Device open(DeviceInfo device) {
      return provider.open(device);
    }
  }
}
