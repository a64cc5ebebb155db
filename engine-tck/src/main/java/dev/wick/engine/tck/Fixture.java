package dev.wick.engine.tck;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceInfo;
import java.util.Set;

/**
 * What the sections work with: the backend, one open device of it, the oracle and the seed.
 *
 * @param info the first device that the backend offers
 */
record Fixture(
    BackendProvider provider,
    DeviceInfo info,
    Device device,
    Oracle oracle,
    CaseRunner runner,
    Seed seed)
    implements AutoCloseable {

  static Fixture open(BackendProvider provider, DeviceInfo info, Set<Gap> gaps) {
    Seed seed = Seed.ofRun();
    Oracle oracle = new Oracle();
    Device device = provider.open(info);
    return new Fixture(
        provider, info, device, oracle, new CaseRunner(device, oracle, gaps, seed), seed);
  }

  /** Another device, to be closed by the caller. */
  Device openAnother() {
    return provider.open(info);
  }

  /** Closes the device, which fails if the tests have left buffers open. */
  @Override
  public void close() {
    oracle.close();
    device.close();
  }
}
