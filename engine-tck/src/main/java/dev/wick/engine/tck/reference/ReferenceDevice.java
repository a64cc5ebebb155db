package dev.wick.engine.tck.reference;

import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.DeviceMemoryException;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Runs every primitive in plain loops, and no fused operation. Thread-safe. */
final class ReferenceDevice implements Device {
  private static final long ALIGNMENT = 64;

  private final DeviceInfo info;
  private long openBuffers;
  private long openBytes;
  private boolean closed;

  ReferenceDevice(DeviceInfo info) {
    this.info = info;
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public boolean supports(Op op, List<TensorSpec> operands) {
    return switch (op) {
      case PrimitiveOp primitive -> true;
      case FusedOp fused -> false;
    };
  }

  @Override
  public DeviceBuffer allocate(long byteSize) {
    checkOpen();
    if (byteSize < 1) {
      throw new IllegalArgumentException(
          "allocate: expected at least one byte, got %d".formatted(byteSize));
    }
    Arena arena = Arena.ofShared();
    try {
      return opened(
          new ReferenceBuffer(this, arena.allocate(byteSize, ALIGNMENT), Optional.of(arena)));
    } catch (OutOfMemoryError e) {
      arena.close();
      DeviceMemoryException exhausted = new DeviceMemoryException(info.id(), byteSize, -1);
      exhausted.initCause(e);
      throw exhausted;
    }
  }

  @Override
  public DeviceBuffer wrap(MemorySegment host) {
    checkOpen();
    return opened(new ReferenceBuffer(this, host, Optional.empty()));
  }

  private synchronized ReferenceBuffer opened(ReferenceBuffer buffer) {
    openBuffers++;
    openBytes += buffer.byteSize();
    return buffer;
  }

  synchronized void released(ReferenceBuffer buffer) {
    openBuffers--;
    openBytes -= buffer.byteSize();
  }

  @Override
  public CommandQueue newQueue() {
    checkOpen();
    return new ReferenceQueue(this);
  }

  synchronized void checkOpen() {
    if (closed) {
      throw new IllegalStateException(info.id() + ": expected an open device, got a closed one");
    }
  }

  @Override
  public synchronized void close() {
    if (openBuffers > 0) {
      throw new IllegalStateException(
          "%s: close: expected all buffers to be closed, got %d open with %d bytes"
              .formatted(info.id(), openBuffers, openBytes));
    }
    closed = true;
  }
}
