package dev.wick.engine.tck;

import dev.wick.engine.FallbackMode;
import dev.wick.engine.op.Op;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tck.reference.ReferenceBackendProvider;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** What operations should give: the reference backend, fused operations as their decompositions. */
final class Oracle implements AutoCloseable {
  private final Device device;

  Oracle() {
    ReferenceBackendProvider provider = new ReferenceBackendProvider();
    Probe.Available found = (Probe.Available) provider.probe();
    this.device = provider.open(found.devices().getFirst());
  }

  List<HostTensor> results(Op op, List<PlacedTensor> operands) {
    RandomGenerator unused = RandomGeneratorFactory.getDefault().create(0);
    List<PlacedTensor> plain =
        operands.stream().map(operand -> Placement.PLAIN.place(operand.content(), unused)).toList();
    return DeviceRun.engine(device, FallbackMode.ALLOW, op, plain);
  }

  @Override
  public void close() {
    device.close();
  }
}
