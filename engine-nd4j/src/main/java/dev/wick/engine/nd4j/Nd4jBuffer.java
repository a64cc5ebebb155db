package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.HostTensor;
import dev.wick.engine.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Host memory that ND4J computes on in place. It is freed once it is closed and no queue computes
 * on it any more. Thread-safe.
 */
final class Nd4jBuffer implements DeviceBuffer {
  private final Nd4jDevice device;
  private final MemorySegment memory;
  private final Runnable free;
  private @Nullable Arena view;
  private final AtomicLong writes = new AtomicLong();
  private final Map<HostTensor, Mirror> mirrors = new HashMap<>();
  private int users;
  private boolean closed;

  /**
   * @param free gives the memory back
   */
  Nd4jBuffer(Nd4jDevice device, MemorySegment memory, Runnable free) {
    this.device = device;
    this.memory = memory;
    this.free = free;
  }

  Nd4jDevice device() {
    return device;
  }

  /** The memory; to be touched only between {@link #acquire} and {@link #release}. */
  MemorySegment memory() {
    return memory;
  }

  /** How often the memory has been written since the buffer was made. */
  long writes() {
    return writes.get();
  }

  /** Says that the memory was written. */
  void countWrite() {
    writes.incrementAndGet();
  }

  /** The copy of a part that ND4J keeps as long as the buffer is there. */
  synchronized Mirror mirror(HostTensor part) {
    return mirrors.computeIfAbsent(part, key -> new Mirror());
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  @SuppressWarnings("restricted") // the same memory, out of reach once the buffer is closed
  public synchronized Optional<MemorySegment> hostView() {
    checkOpen();
    if (!device.info().unifiedMemory()) {
      return Optional.empty(); // what is written through a view would not be noticed
    }
    if (view == null) {
      view = Arena.ofShared();
    }
    MemorySegment seen = memory.reinterpret(view, null);
    return Optional.of(memory.isReadOnly() ? seen.asReadOnly() : seen);
  }

  /** Keeps the memory until a matching {@link #release}. */
  synchronized void acquire() {
    checkOpen();
    users++;
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
      mirrors.values().forEach(Mirror::close);
      free.run();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      if (view != null) {
        view.close(); // fails while another thread is looking, and then the buffer stays open
      }
      closed = true;
      freeIfUnused();
    }
    device.released(this);
  }
}
