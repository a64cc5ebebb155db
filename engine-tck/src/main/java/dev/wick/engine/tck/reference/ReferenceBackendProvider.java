package dev.wick.engine.tck.reference;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceException;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Spi;
import java.util.List;

/** Offers the reference device: the oracle of the conformance kit, and a device of last resort. */
public final class ReferenceBackendProvider implements BackendProvider {
  private static final DeviceInfo DEVICE =
      new DeviceInfo(
          "reference:0", DeviceInfo.Kind.FALLBACK, "scalar Java, sums in F64; slow", 0, true);

  /** A provider. */
  public ReferenceBackendProvider() {}

  @Override
  public int spiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public Probe probe() {
    return new Probe.Available(List.of(DEVICE));
  }

  @Override
  public Device open(DeviceInfo device) {
    if (!device.id().equals(DEVICE.id())) {
      throw new DeviceException(
          "reference: open: expected %s, got %s".formatted(DEVICE.id(), device.id()));
    }
    return new ReferenceDevice(DEVICE);
  }
}
