package dev.wick.engine.spi;

/**
 * The service by which a backend offers its devices. Implementations are public classes with a
 * public no-argument constructor in a package that is not exported.
 */
public interface BackendProvider {
  /** {@code return Spi.VERSION;}, which javac inlines: the version compiled against. */
  int spiVersion();

  /** Short lower-case name, for example {@code cuda}. */
  String name();

  /** Whether the backend can run here, and why not. Cheap; never throws. */
  Probe probe();

  /**
   * Opens one of the devices that {@link #probe} reported.
   *
   * @throws DeviceException if the device cannot be opened
   */
  Device open(DeviceInfo device);
}
