package dev.wick.backend.cpu;

import dev.wick.engine.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Host memory that the device allocated, or that it was lent. Allocated memory is freed when the
 * buffer is closed and nothing computes on it any more. Thread-safe.
 */
final class CpuBuffer implements DeviceBuffer {
  private final CpuDevice device;
  private final MemorySegment memory;
  private final @Nullable Arena arena;
  private int users;
  private volatile boolean closed;

  /**
   * @param arena what to close with the buffer, or null for lent memory
   */
  CpuBuffer(CpuDevice device, MemorySegment memory, @Nullable Arena arena) {
    this.device = device;
    this.memory = memory;
    this.arena = arena;
  }

  CpuDevice device() {
    return device;
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

  /**
   * Checks that the buffer may be used.
   *
   * @throws IllegalStateException if it is closed
   */
  void checkOpen() {
    if (closed) {
      throw new IllegalStateException(
          "buffer: expected an open buffer, got a closed one of %d bytes".formatted(byteSize()));
    }
  }

  private void freeIfUnused() {
    if (closed && users == 0 && arena != null) {
      arena.close();
    }
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public Optional<MemorySegment> hostView() {
    checkOpen();
    return Optional.of(memory);
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
    device.release(this);
  }
}
