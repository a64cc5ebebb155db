package dev.wick.engine.spi;

import dev.wick.engine.op.Op;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** An open device. Thread-safe. */
public interface Device extends AutoCloseable {
  /** What it is. */
  DeviceInfo info();

  /**
   * Whether {@link CommandQueue#submit} runs an operation on operands of these types and shapes, in
   * any layout. Pure, and constant for the device's life.
   */
  boolean supports(Op op, List<TensorSpec> operands);

  /**
   * Memory of at least one byte size, zeroed, aligned to 64 bytes.
   *
   * @throws DeviceMemoryException if there is not enough
   */
  DeviceBuffer allocate(long byteSize);

  /** A queue for commands. */
  CommandQueue newQueue();

  /**
   * Host memory as a buffer, for example a mapped weight. The default copies; a device that shares
   * memory with the host computes on the segment itself, which must then outlive the buffer.
   */
  default DeviceBuffer wrap(MemorySegment host) {
    DeviceBuffer buffer = allocate(host.byteSize());
    try (CommandQueue queue = newQueue()) {
      queue.upload(host, buffer, 0);
      queue.synchronize();
    }
    return buffer;
  }

  /**
   * Host memory as a buffer that holds a weight and will not change: a device may keep it in an
   * order of its own beside the given one, if its kernels are faster for it. The default takes the
   * memory as any other.
   *
   * @param spec what the memory holds, contiguous
   */
  default DeviceBuffer wrap(MemorySegment host, TensorSpec spec) {
    return wrap(host);
  }

  /**
   * Prepares kernels, for example while weights load. May take seconds; returns soon once its
   * thread is interrupted.
   */
  default void warmUp() {}

  /**
   * Closes the device.
   *
   * @throws IllegalStateException if buffers are open, naming their count and bytes
   */
  @Override
  void close();
}
