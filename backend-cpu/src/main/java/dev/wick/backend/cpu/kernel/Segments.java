package dev.wick.backend.cpu.kernel;

import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Finds the host memory of buffers. */
public interface Segments {
  /**
   * The memory of an open buffer.
   *
   * @throws IllegalArgumentException if the buffer is of another backend
   * @throws IllegalStateException if it is closed
   */
  MemorySegment of(DeviceBuffer buffer);

  /**
   * The tiles of a weight that fills a buffer, if there are any; they are there as long as the
   * memory.
   */
  Optional<MemorySegment> tiles(DeviceBuffer buffer, TensorSpec weight);
}
