package dev.wick.engine.tck;

import dev.wick.engine.FallbackMode;
import dev.wick.engine.op.Op;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tck.reference.ReferenceBackendProvider;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The reference device, to be spoiled in one place by a subclass. */
class DelegatingDevice implements Device {
  final Device reference;

  DelegatingDevice(Device reference) {
    this.reference = reference;
  }

  /** A backend whose devices are the reference's, wrapped. */
  static BackendProvider provider(Function<Device, Device> wrap) {
    ReferenceBackendProvider reference = new ReferenceBackendProvider();
    return new BackendProvider() {
      @Override
      public int spiVersion() {
        return reference.spiVersion();
      }

      @Override
      public String name() {
        return reference.name();
      }

      @Override
      public Probe probe() {
        return reference.probe();
      }

      @Override
      public Device open(DeviceInfo device) {
        return wrap.apply(reference.open(device));
      }
    };
  }

  @Override
  public DeviceInfo info() {
    return reference.info();
  }

  @Override
  public boolean supports(Op op, List<TensorSpec> operands) {
    return reference.supports(op, operands);
  }

  @Override
  public DeviceBuffer allocate(long byteSize) {
    return reference.allocate(byteSize);
  }

  @Override
  public DeviceBuffer wrap(MemorySegment host) {
    return reference.wrap(host);
  }

  @Override
  public CommandQueue newQueue() {
    return new DelegatingQueue(reference.newQueue());
  }

  @Override
  public void close() {
    reference.close();
  }

  /** What runs a call; the place for most faults. */
  void submit(CommandQueue queue, OpCall call) {
    queue.submit(call);
  }

  /** What a view holds, read by the plainest index arithmetic. */
  static HostTensor read(TensorView view) {
    return placed(view).content();
  }

  static PlacedTensor placed(TensorView view) {
    MemorySegment memory = view.buffer().hostView().orElseThrow();
    int unit = view.dtype().blockBytes();
    byte[] storage = memory.asSlice(view.byteOffset()).toArray(ValueLayout.JAVA_BYTE);
    PlacedTensor empty =
        new PlacedTensor(HostTensor.zeros(view.spec()), new byte[unit], view.layout(), 0);
    return new PlacedTensor(empty.read(storage), storage, view.layout(), 0);
  }

  static void write(TensorView view, HostTensor content) {
    MemorySegment memory = view.buffer().hostView().orElseThrow();
    memory.asSlice(view.byteOffset(), content.bytes().length).copyFrom(content.segment());
  }

  /** Runs an operation as its decomposition, perhaps with other attributes or operands. */
  final void decompose(Op op, List<PlacedTensor> operands, OpCall call) {
    List<HostTensor> results = DeviceRun.engine(reference, FallbackMode.ALLOW, op, operands);
    for (int i = 0; i < results.size(); i++) {
      write(call.results().get(i), results.get(i));
    }
  }

  static List<PlacedTensor> placedOperands(OpCall call) {
    List<PlacedTensor> operands = new ArrayList<>();
    for (TensorView view : call.operands()) {
      operands.add(placed(view));
    }
    return operands;
  }

  class DelegatingQueue implements CommandQueue {
    final CommandQueue queue;

    DelegatingQueue(CommandQueue queue) {
      this.queue = queue;
    }

    @Override
    public void submit(OpCall call) {
      DelegatingDevice.this.submit(queue, call);
    }

    @Override
    public Recording record(List<OpCall> calls) {
      return CommandQueue.super.record(calls);
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
  }
}
