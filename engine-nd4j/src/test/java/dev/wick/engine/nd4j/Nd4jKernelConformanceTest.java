package dev.wick.engine.nd4j;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tck.BackendConformance;
import dev.wick.engine.tck.Gap;
import java.util.Set;

/** The contract again with ND4J called for every size, as otherwise only large operands do. */
class Nd4jKernelConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new NoLoops();
  }

  @Override
  protected Set<Gap> declaredGaps() {
    return Nd4jConformanceTest.GAPS;
  }

  private record NoLoops() implements BackendProvider {
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
      return Nd4jBackendProvider.open(device, 0);
    }
  }
}
