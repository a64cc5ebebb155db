package dev.wick.engine.nd4j;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceException;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Spi;
import java.util.List;

/** Offers ND4J as the device {@code nd4j:0}, if ND4J is on the class path. */
public final class Nd4jBackendProvider implements BackendProvider {
  static {
    // ND4J is in the unnamed module, which no descriptor can require.
    Module module = Nd4jBackendProvider.class.getModule();
    if (module.isNamed()) {
      module.addReads(Nd4jBackendProvider.class.getClassLoader().getUnnamedModule());
    }
  }

  /** A provider. */
  public Nd4jBackendProvider() {}

  @Override
  public int spiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public Probe probe() {
    return look();
  }

  private static Probe look() {
    return Nd4jPresence.probe(Nd4jBackendProvider.class.getClassLoader());
  }

  @Override
  public Device open(DeviceInfo device) {
    boolean cuda = device.kind() == DeviceInfo.Kind.GPU;
    return open(device, cuda ? Compiler.mirrored() : Compiler.inPlace());
  }

  /** Opens the device with another choice of what runs an operation. */
  static Device open(DeviceInfo device, Compiler compiler) {
    if (look() instanceof Probe.Available(List<DeviceInfo> devices)) {
      for (DeviceInfo offered : devices) {
        if (offered.id().equals(device.id())) {
          return Nd4jDevice.open(offered, compiler);
        }
      }
    }
    throw new DeviceException(
        "nd4j: open: expected a device that probe offers, got " + device.id());
  }
}
