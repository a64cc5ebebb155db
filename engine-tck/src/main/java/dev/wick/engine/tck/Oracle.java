package dev.wick.engine.tck;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.LoraMatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tck.reference.ReferenceBackendProvider;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * What operations should give: the reference backend, fused operations as their decompositions, and
 * attention and adapters by their formulas.
 */
final class Oracle implements AutoCloseable {
  private final Device device;

  Oracle() {
    ReferenceBackendProvider provider = new ReferenceBackendProvider();
    Probe.Available found = (Probe.Available) provider.probe();
    this.device = provider.open(found.devices().getFirst());
  }

  List<HostTensor> results(Op op, List<PlacedTensor> operands) {
    if (op instanceof PagedAttention attention) {
      List<HostTensor> x =
          operands.stream().map(operand -> QuantizedCases.expanded(operand.content())).toList();
      return List.of(
          AttentionOracle.attend(
              attention, x.get(0), x.get(1), x.get(2), x.get(3), x.get(4), x.get(5)));
    }
    if (op instanceof LoraMatMul) {
      List<HostTensor> x = operands.stream().map(PlacedTensor::content).toList();
      return List.of(LoraOracle.add(x.get(0), x.get(1), x.get(2), x.get(3), x.get(4), x.get(5)));
    }
    RandomGenerator unused = RandomGeneratorFactory.getDefault().create(0);
    List<PlacedTensor> plain =
        operands.stream().map(operand -> Placement.PLAIN.place(operand.content(), unused)).toList();
    return DeviceRun.engine(device, FallbackMode.ALLOW, op, plain);
  }

  /** What a computation gives that runs on the oracle operation by operation. */
  // Closing the engine would close the device.
  @SuppressWarnings("resource")
  List<HostTensor> eager(Function<TensorScope, List<HostTensor>> computation) {
    try (TensorScope scope = Engine.of(device, FallbackMode.ALLOW).newScope()) {
      return computation.apply(scope);
    }
  }

  @Override
  public void close() {
    device.close();
  }
}
