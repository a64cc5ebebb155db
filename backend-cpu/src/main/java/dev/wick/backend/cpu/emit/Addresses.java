package dev.wick.backend.cpu.emit;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Addresses for machine code, with the checks that the code itself does not make. */
final class Addresses {
  private Addresses() {}

  /**
   * Where {@code bytes} readable bytes begin; 0 for none, wherever that is.
   *
   * @throws IndexOutOfBoundsException if they are not all inside of the segment
   * @throws IllegalStateException if the segment is no longer alive
   * @throws IllegalArgumentException if it is memory of the heap
   */
  static long readable(MemorySegment segment, long offset, long bytes) {
    if (bytes == 0) {
      return 0;
    }
    Objects.checkFromIndexSize(offset, bytes, segment.byteSize());
    if (!segment.isNative()) {
      throw new IllegalArgumentException("kernel: expected native memory, got " + segment);
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("kernel: expected live memory, got " + segment);
    }
    return segment.address() + offset;
  }

  /**
   * Where {@code bytes} writable bytes begin; 0 for none.
   *
   * @throws UnsupportedOperationException if the segment is read-only
   */
  static long writable(MemorySegment segment, long offset, long bytes) {
    if (segment.isReadOnly()) {
      throw new UnsupportedOperationException("kernel: expected writable memory, got " + segment);
    }
    return readable(segment, offset, bytes);
  }

  /** Bytes from the first to the last of {@code rows} rows, 0 if there are no elements. */
  static long span(long rows, long rowBytes, long bytesOfRow) {
    return rows == 0 || bytesOfRow == 0 ? 0 : (rows - 1) * rowBytes + bytesOfRow;
  }
}
