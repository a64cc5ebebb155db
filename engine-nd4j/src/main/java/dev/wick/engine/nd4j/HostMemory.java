package dev.wick.engine.nd4j;

import java.lang.foreign.MemorySegment;
import org.bytedeco.javacpp.Pointer;

/**
 * Zeroed native memory, aligned to 64 bytes. The system hands out pages when they are first
 * touched, so that a large cache costs what is used of it.
 *
 * <p>An arena would do the same with every page touched, and closing a shared one stops all
 * threads, which is felt where each operation brings memory of its own.
 */
final class HostMemory {
  private static final long ALIGNMENT = 64;

  private final Pointer block;
  private final MemorySegment segment;

  private HostMemory(Pointer block, MemorySegment segment) {
    this.block = block;
    this.segment = segment;
  }

  /**
   * Some memory, to be freed by {@link #free}.
   *
   * @throws OutOfMemoryError if there is not enough
   */
  @SuppressWarnings("restricted") // the length is that of the block
  static HostMemory allocate(long byteSize) {
    Pointer block = Pointer.calloc(1, byteSize + ALIGNMENT);
    if (block == null || block.isNull()) {
      throw new OutOfMemoryError("native memory, " + byteSize + " bytes");
    }
    long aligned = (block.address() + ALIGNMENT - 1) & -ALIGNMENT;
    return new HostMemory(block, MemorySegment.ofAddress(aligned).reinterpret(byteSize));
  }

  /** The memory; not to be touched once it is freed. */
  MemorySegment segment() {
    return segment;
  }

  void free() {
    Pointer.free(block);
  }
}
