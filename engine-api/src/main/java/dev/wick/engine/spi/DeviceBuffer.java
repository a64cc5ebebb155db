package dev.wick.engine.spi;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Device memory with one owner. */
public interface DeviceBuffer extends AutoCloseable {
  /** Size in bytes. */
  long byteSize();

  /** The memory as the host sees it, on devices that share it. */
  default Optional<MemorySegment> hostView() {
    return Optional.empty();
  }

  /**
   * Frees the memory; idempotent. Legal while submitted work uses it: the device keeps the memory
   * until that work is done. Later use is an {@link IllegalStateException}.
   */
  @Override
  void close();
}
