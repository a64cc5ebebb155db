package dev.wick.backend.cpu.team;

import dev.wick.backend.cpu.loop.Unguarded;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Memory that grows between uses and keeps nothing when it does. */
final class SharedMemory implements AutoCloseable {
  private final long smallest;
  private @Nullable Arena arena;
  private MemorySegment segment = MemorySegment.NULL;

  /**
   * No memory yet.
   *
   * @param smallest bytes to begin with
   */
  SharedMemory(long smallest) {
    this.smallest = smallest;
  }

  /** Makes sure that there are at least {@code bytes}, 64-byte aligned. */
  void reserve(long bytes) {
    if (segment.byteSize() >= bytes) {
      return;
    }
    long size = Math.max(smallest, Math.max(bytes, segment.byteSize() + segment.byteSize() / 2));
    Arena next = Arena.ofShared();
    segment = Unguarded.view(next.allocate(size, 64));
    Arena previous = arena;
    arena = next;
    if (previous != null) {
      previous.close();
    }
  }

  MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    Arena last = arena;
    if (last != null) {
      last.close();
      arena = null;
      segment = MemorySegment.NULL;
    }
  }
}
