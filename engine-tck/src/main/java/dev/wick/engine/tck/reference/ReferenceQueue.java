package dev.wick.engine.tck.reference;

import dev.wick.engine.op.Op;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Runs each command before it returns. An operation that fails leaves the queue usable. */
final class ReferenceQueue implements CommandQueue {
  private final ReferenceDevice device;
  private boolean closed;

  ReferenceQueue(ReferenceDevice device) {
    this.device = device;
  }

  @Override
  public void submit(OpCall call) {
    checkOpen();
    Op op = call.op();
    List<TensorSpec> specs = call.operands().stream().map(TensorView::spec).toList();
    if (!device.supports(op, specs)) {
      throw new UnsupportedOpException(
          device.info().id(), op, specs, "run its decomposition, or dequantize on the host");
    }
    List<ReferenceBuffer> acquired = new ArrayList<>();
    try {
      List<Elements> operands = elements(call.operands(), acquired);
      List<Elements> results = elements(call.results(), acquired);
      Kernels.run(op, operands, results);
    } finally {
      acquired.forEach(ReferenceBuffer::release);
    }
  }

  private List<Elements> elements(List<TensorView> views, List<ReferenceBuffer> acquired) {
    List<Elements> elements = new ArrayList<>();
    for (TensorView view : views) {
      ReferenceBuffer buffer = own(view.buffer());
      MemorySegment memory = buffer.acquire();
      acquired.add(buffer);
      elements.add(new Elements(memory, view.byteOffset(), view.dtype(), view.layout()));
    }
    return elements;
  }

  private ReferenceBuffer own(DeviceBuffer buffer) {
    if (buffer instanceof ReferenceBuffer reference && reference.device() == device) {
      return reference;
    }
    throw new IllegalArgumentException(
        "%s: expected a buffer of this device, got one of another".formatted(device.info().id()));
  }

  @Override
  public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
    checkOpen();
    ReferenceBuffer buffer = own(target);
    checkRange("upload", buffer, targetOffset, source.byteSize());
    MemorySegment memory = buffer.acquire();
    try {
      MemorySegment.copy(source, 0, memory, targetOffset, source.byteSize());
    } finally {
      buffer.release();
    }
  }

  @Override
  public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    checkOpen();
    ReferenceBuffer buffer = own(source);
    checkRange("download", buffer, sourceOffset, target.byteSize());
    MemorySegment memory = buffer.acquire();
    try {
      MemorySegment.copy(memory, sourceOffset, target, 0, target.byteSize());
    } finally {
      buffer.release();
    }
  }

  private static void checkRange(String what, ReferenceBuffer buffer, long offset, long bytes) {
    if (offset < 0 || bytes > buffer.byteSize() - offset) {
      throw new IllegalArgumentException(
          "%s: expected a range within %d bytes, got %d bytes at %d"
              .formatted(what, buffer.byteSize(), bytes, offset));
    }
  }

  private void checkOpen() {
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
