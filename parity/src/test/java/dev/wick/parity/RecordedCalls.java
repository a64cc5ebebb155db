package dev.wick.parity;

import dev.wick.engine.op.Op;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** The cpu device, which notes down the operations of every program that is recorded on it. */
final class RecordedCalls implements Device {
  private final Device device;
  private List<OpCall> latest = List.of();

  RecordedCalls() {
    BackendProvider provider =
        ServiceLoader.load(BackendProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(candidate -> candidate.name().equals("cpu"))
            .findFirst()
            .orElseThrow();
    device = provider.open(((Probe.Available) provider.probe()).devices().getFirst());
  }

  /** The names of the operations of the program that was recorded last. */
  List<String> latest() {
    return latest.stream().map(call -> call.op().name()).toList();
  }

  @Override
  public DeviceInfo info() {
    return device.info();
  }

  @Override
  public boolean supports(Op op, List<TensorSpec> operands) {
    return device.supports(op, operands);
  }

  @Override
  public DeviceBuffer allocate(long byteSize) {
    return device.allocate(byteSize);
  }

  @Override
  public DeviceBuffer wrap(MemorySegment host) {
    return device.wrap(host);
  }

  @Override
  public DeviceBuffer wrap(MemorySegment host, TensorSpec spec) {
    return device.wrap(host, spec);
  }

  @Override
  public CommandQueue newQueue() {
    CommandQueue queue = device.newQueue();
    return new CommandQueue() {
      @Override
      public void submit(OpCall call) {
        queue.submit(call);
      }

      @Override
      public Recording record(List<OpCall> calls) {
        latest = new ArrayList<>(calls);
        return queue.record(calls);
      }

      @Override
      public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
        queue.upload(source, target, targetOffset);
      }

      @Override
      public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
        queue.download(source, sourceOffset, target);
      }

      @Override
      public void synchronize() {
        queue.synchronize();
      }

      @Override
      public void close() {
        queue.close();
      }
    };
  }

  @Override
  public void close() {
    device.close();
  }
}
