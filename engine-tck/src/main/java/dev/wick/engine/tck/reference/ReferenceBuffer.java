package dev.wick.engine.tck.reference;

import dev.wick.engine.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Host memory that is freed when it is closed and no queue computes on it any more. Thread-safe.
 */
final class ReferenceBuffer implements DeviceBuffer {
  private final ReferenceDevice device;
  private final MemorySegment memory;
  private final Optional<Arena> arena;
  private int users;
  private boolean closed;

  ReferenceBuffer(ReferenceDevice device, MemorySegment memory, Optional<Arena> arena) {
    this.device = device;
    this.memory = memory;
    this.arena = arena;
  }

  ReferenceDevice device() {
    return device;
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public synchronized Optional<MemorySegment> hostView() {
    checkOpen();
    return Optional.of(memory);
  }

  /** The memory, kept until a matching {@link #release}. */
  synchronized MemorySegment acquire() {
    checkOpen();
    users++;
    return memory;
  }

  synchronized void release() {
    users--;
    freeIfUnused();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException(
          "buffer: expected an open buffer, got a closed one of %d bytes".formatted(byteSize()));
    }
  }

  private void freeIfUnused() {
    if (closed && users == 0) {
      arena.ifPresent(Arena::close);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      freeIfUnused();
    }
    device.released(this);
  }
}
