package dev.wick.engine.spi;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Runs commands in order. One thread at a time; {@link #submit} and {@link #upload} may return
 * before the work is done, an error may surface at {@link #download} or {@link #synchronize}, and
 * after one every call repeats its cause.
 */
public interface CommandQueue extends AutoCloseable {
  /**
   * Runs an operation.
   *
   * @throws UnsupportedOpException if {@link Device#supports} is false for it
   */
  void submit(OpCall call);

  /**
   * Prepares a list of operations to be run many times. The default submits them one by one; a
   * backend may fuse, plan or capture them, as long as the results after the last one are the same.
   */
  default Recording record(List<OpCall> calls) {
    List<OpCall> copy = List.copyOf(calls);
    return () -> copy.forEach(this::submit);
  }

  /**
   * Prepares a list of operations to be run many times in less memory: of the memory mapped from
   * files that they read, such as weights, about this share stays resident between uses, and the
   * rest is given back to the system and comes from its cache of files again. The default, and a
   * device that has copies of its own, spares nothing.
   *
   * @param residentShare above 0 and at most 1, which is {@link #record(List)}; exceeded where one
   *     operation reads more
   */
  default Recording record(List<OpCall> calls, double residentShare) {
    return record(calls);
  }

  /** Copies host memory into a buffer; the source may be reused when this returns. */
  void upload(MemorySegment source, DeviceBuffer target, long targetOffset);

  /** Waits for all commands and copies from a buffer to host memory. */
  void download(DeviceBuffer source, long sourceOffset, MemorySegment target);

  /** Waits for all commands. */
  void synchronize();

  /** Waits for all commands and closes the queue. */
  @Override
  void close();
}
