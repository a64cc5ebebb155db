package dev.wick.backend.cpu.kernel;

import dev.wick.engine.spi.DeviceBuffer;
import java.lang.foreign.MemorySegment;

/** Finds the host memory of a buffer. */
@FunctionalInterface
public interface Segments {
  /**
   * The memory of an open buffer.
   *
   * @throws IllegalArgumentException if the buffer is of another backend
   * @throws IllegalStateException if it is closed
   */
  MemorySegment of(DeviceBuffer buffer);
}
