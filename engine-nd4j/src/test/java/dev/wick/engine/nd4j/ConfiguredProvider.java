package dev.wick.engine.nd4j;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;

/** The provider with another choice of what runs an operation. */
record ConfiguredProvider(Compiler compiler) implements BackendProvider {
  private static final Nd4jBackendProvider ORIGINAL = new Nd4jBackendProvider();

  @Override
  public int spiVersion() {
    return ORIGINAL.spiVersion();
  }

  @Override
  public String name() {
    return ORIGINAL.name();
  }

  @Override
  public Probe probe() {
    return ORIGINAL.probe();
  }

  @Override
  public Device open(DeviceInfo device) {
    return Nd4jBackendProvider.open(device, compiler);
  }
}
