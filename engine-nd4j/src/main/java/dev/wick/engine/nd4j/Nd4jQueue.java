package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Runs each command before it returns. An operation that fails leaves the queue usable. */
final class Nd4jQueue implements CommandQueue {
  private final Nd4jDevice device;
  private boolean closed;

  Nd4jQueue(Nd4jDevice device) {
    this.device = device;
  }

  @Override
  public void submit(OpCall call) {
    try (Recording once = record(List.of(call))) {
      once.run();
    }
  }

  @Override
  public Recording record(List<OpCall> calls) {
    checkOpen();
    Set<Nd4jBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
    for (OpCall call : calls) {
      Stream.concat(call.operands().stream(), call.results().stream())
          .forEach(view -> buffers.add(own(view.buffer())));
    }
    List<Nd4jBuffer> inUse = List.copyOf(buffers);
    List<Nd4jRecording.Step> steps = new ArrayList<>();
    Scratch scratch = new Scratch();
    acquire(inUse);
    try {
      for (OpCall call : calls) {
        List<Nd4jBuffer> written =
            call.results().stream().map(view -> own(view.buffer())).distinct().toList();
        steps.add(new Nd4jRecording.Step(compile(call, scratch), written));
      }
    } catch (RuntimeException e) {
      scratch.close();
      throw e;
    } finally {
      inUse.forEach(Nd4jBuffer::release);
    }
    return new Nd4jRecording(this, steps, inUse, scratch);
  }

  private Kernel compile(OpCall call, Scratch scratch) {
    List<TensorSpec> specs = call.operands().stream().map(TensorView::spec).toList();
    if (!device.supports(call.op(), specs)) {
      throw new UnsupportedOpException(
          device.info().id(), call.op(), specs, "run its decomposition, or cast operands to F32");
    }
    return device
        .compiler()
        .compile(
            call.op(),
            call.operands().stream().map(Operand::of).toList(),
            call.results().stream().map(Operand::of).toList(),
            scratch);
  }

  /** Keeps all buffers, or none if one of them is closed. */
  static void acquire(List<Nd4jBuffer> buffers) {
    int acquired = 0;
    try {
      while (acquired < buffers.size()) {
        buffers.get(acquired).acquire();
        acquired++;
      }
    } catch (IllegalStateException e) {
      for (int i = 0; i < acquired; i++) {
        buffers.get(i).release();
      }
      throw e;
    }
  }

  private Nd4jBuffer own(DeviceBuffer buffer) {
    if (buffer instanceof Nd4jBuffer nd4j && nd4j.device() == device) {
      return nd4j;
    }
    throw new IllegalArgumentException(
        "%s: expected a buffer of this device, got one of another".formatted(device.info().id()));
  }

  @Override
  public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
    checkOpen();
    Nd4jBuffer buffer = own(target);
    checkRange("upload", buffer, targetOffset, source.byteSize());
    buffer.acquire();
    try {
      MemorySegment.copy(source, 0, buffer.memory(), targetOffset, source.byteSize());
      buffer.countWrite();
    } finally {
      buffer.release();
    }
  }

  @Override
  public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    checkOpen();
    Nd4jBuffer buffer = own(source);
    checkRange("download", buffer, sourceOffset, target.byteSize());
    buffer.acquire();
    try {
      MemorySegment.copy(buffer.memory(), sourceOffset, target, 0, target.byteSize());
    } finally {
      buffer.release();
    }
  }

  private static void checkRange(String what, Nd4jBuffer buffer, long offset, long bytes) {
    if (offset < 0 || bytes > buffer.byteSize() - offset) {
      throw new IllegalArgumentException(
          "%s: expected a range within %d bytes, got %d bytes at %d"
              .formatted(what, buffer.byteSize(), bytes, offset));
    }
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("queue: expected an open queue, got a closed one");
    }
    device.checkOpen();
  }

  @Override
  public void synchronize() {
    checkOpen();
  }

  @Override
  public void close() {
    closed = true;
  }
}
