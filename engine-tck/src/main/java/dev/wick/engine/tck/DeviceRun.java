package dev.wick.engine.tck;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Op;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One operation on one device, with sentinels around the results and a check that operands stay as
 * they are.
 */
final class DeviceRun {
  private static final int MARGIN = 64;
  private static final byte SENTINEL = (byte) 0xa5;

  private DeviceRun() {}

  /** Results of the device's own kernel. */
  static List<HostTensor> kernel(Device device, Op op, List<PlacedTensor> operands) {
    try (Bench bench = new Bench(device)) {
      OpCall call = bench.prepare(op, operands);
      bench.queue.submit(call);
      return bench.collect(op, operands, call);
    }
  }

  /** Results of an operation through an engine, by kernels or decompositions as the mode says. */
  static List<HostTensor> engine(
      Device device, FallbackMode mode, Op op, List<PlacedTensor> operands) {
    // Closing the engine would close the device.
    @SuppressWarnings("resource")
    Engine engine = Engine.of(device, mode);
    try (TensorScope scope = engine.newScope()) {
      List<Expr> tensors = new ArrayList<>();
      for (PlacedTensor operand : operands) {
        tensors.add(upload(scope, operand));
      }
      List<Expr> results = tensors.isEmpty() ? scope.apply(op, tensors) : Expr.apply(op, tensors);
      return results.stream().map(result -> download((Tensor) result)).toList();
    }
  }

  static Expr upload(TensorScope scope, PlacedTensor operand) {
    int elements =
        operand.storage().length
            / operand.content().dtype().blockBytes()
            * operand.content().dtype().blockElements();
    return scope
        .tensor(
            MemorySegment.ofArray(operand.storage()),
            TensorSpec.of(operand.content().dtype(), elements))
        .view(operand.layout(), operand.offset());
  }

  static HostTensor download(Tensor tensor) {
    HostTensor result = HostTensor.zeros(tensor.spec());
    tensor.read(result.segment());
    return result;
  }

  /** A queue and the buffers of one call. */
  static final class Bench implements AutoCloseable {
    final CommandQueue queue;
    private final Device device;
    private final Arena arena = Arena.ofShared();
    private final List<DeviceBuffer> buffers = new ArrayList<>();

    Bench(Device device) {
      this.device = device;
      this.queue = device.newQueue();
    }

    /** A call whose operands are uploaded and whose results lie between sentinels. */
    OpCall prepare(Op op, List<PlacedTensor> operands) {
      List<TensorView> views = new ArrayList<>();
      for (int i = 0; i < operands.size(); i++) {
        PlacedTensor operand = operands.get(i);
        boolean weight = isWeight(operand) && op.inPlaceOperand().orElse(-1) != i;
        views.add(operand.view(weight ? weight(operand) : buffer(operand.storage())));
      }
      List<TensorView> results = new ArrayList<>();
      for (TensorSpec spec : op.infer(operands.stream().map(PlacedTensor::spec).toList())) {
        if (results.isEmpty() && op.inPlaceOperand().isPresent()) {
          results.add(views.get(op.inPlaceOperand().getAsInt()));
        } else {
          results.add(result(spec));
        }
      }
      return new OpCall(op, views, results);
    }

    /** Half of the quantised operands are brought as weights, which a device may rearrange. */
    private static boolean isWeight(PlacedTensor operand) {
      return operand.content().dtype().isQuantized()
          && operand.content().size() > 0
          && (Arrays.hashCode(operand.storage()) & 1) == 0;
    }

    private DeviceBuffer weight(PlacedTensor operand) {
      MemorySegment memory = arena.allocate(operand.storage().length, 64);
      memory.copyFrom(MemorySegment.ofArray(operand.storage()));
      DeviceBuffer buffer = device.wrap(memory, operand.spec());
      buffers.add(buffer);
      return buffer;
    }

    TensorView result(TensorSpec spec) {
      byte[] sentinels = new byte[Math.toIntExact(spec.byteSize()) + 2 * MARGIN];
      Arrays.fill(sentinels, SENTINEL);
      return new TensorView(
          buffer(sentinels), MARGIN, spec.dtype(), Layout.contiguous(spec.shape()));
    }

    DeviceBuffer buffer(byte[] content) {
      DeviceBuffer buffer = device.allocate(content.length);
      buffers.add(buffer);
      queue.upload(MemorySegment.ofArray(content), buffer, 0);
      return buffer;
    }

    byte[] download(DeviceBuffer buffer) {
      byte[] content = new byte[Math.toIntExact(buffer.byteSize())];
      queue.download(buffer, 0, MemorySegment.ofArray(content));
      return content;
    }

    /** The results of a call that was submitted, after looking at everything it must not touch. */
    List<HostTensor> collect(Op op, List<PlacedTensor> operands, OpCall call) {
      int inPlace = op.inPlaceOperand().orElse(-1);
      List<HostTensor> results = new ArrayList<>();
      for (int i = 0; i < call.results().size(); i++) {
        TensorView view = call.results().get(i);
        byte[] after = download(view.buffer());
        if (i == 0 && inPlace >= 0) {
          results.add(readInPlace(op, operands.get(inPlace), after));
        } else {
          results.add(readBetweenSentinels(op, view.spec(), after));
        }
      }
      for (int i = 0; i < operands.size(); i++) {
        if (i != inPlace
            && !Arrays.equals(
                download(call.operands().get(i).buffer()), operands.get(i).storage())) {
          throw new AssertionError("%s: wrote into operand %d".formatted(op.name(), i));
        }
      }
      return results;
    }

    private static HostTensor readInPlace(Op op, PlacedTensor operand, byte[] after) {
      if (operand.content().dtype().isQuantized()) {
        // Blocks lie without gaps; rows that are not written must be what they were.
        int size = operand.content().bytes().length;
        return new HostTensor(operand.spec(), Arrays.copyOf(after, size));
      }
      byte[] untouched = after.clone();
      byte[] before = operand.storage().clone();
      int unit = operand.content().dtype().blockBytes();
      for (long position : PlacedTensor.positions(operand.layout())) {
        int at = Math.toIntExact(operand.offset() + position) * unit;
        Arrays.fill(untouched, at, at + unit, (byte) 0);
        Arrays.fill(before, at, at + unit, (byte) 0);
      }
      if (!Arrays.equals(untouched, before)) {
        throw new AssertionError("%s: wrote outside of its result".formatted(op.name()));
      }
      return operand.read(after);
    }

    private static HostTensor readBetweenSentinels(Op op, TensorSpec spec, byte[] after) {
      int end = after.length - MARGIN;
      for (int i = 0; i < after.length; i++) {
        if ((i < MARGIN || i >= end) && after[i] != SENTINEL) {
          throw new AssertionError(
              "%s: wrote outside of its result %s, %s"
                  .formatted(
                      op.name(),
                      spec,
                      i < MARGIN ? (MARGIN - i) + " bytes before" : (i - end) + " bytes after"));
        }
      }
      return new HostTensor(spec, Arrays.copyOfRange(after, MARGIN, end));
    }

    @Override
    public void close() {
      queue.close();
      closeBuffers();
    }

    void closeBuffers() {
      buffers.forEach(DeviceBuffer::close);
      arena.close();
    }
  }
}
