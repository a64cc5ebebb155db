package dev.wick.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Zeroed memory of the host, aligned to a cache line.
 *
 * <p>Where native access is granted it comes from {@code calloc}, whose large blocks the operating
 * system provides page by page as they are written: room for a long context costs nothing before it
 * is used. An arena would write the zeroes.
 */
final class HostMemory {
  private static final long ALIGNMENT = 64;

  private HostMemory() {}

  /**
   * Memory that lives as long as the arena.
   *
   * @throws OutOfMemoryError if there is not enough
   */
  static MemorySegment allocate(long byteSize, Arena arena) {
    return HostMemory.class.getModule().isNativeAccessEnabled()
        ? C.allocate(byteSize, arena)
        : arena.allocate(byteSize, ALIGNMENT);
  }

  /** The C library; apart, since linking to it wants native access. */
  @SuppressWarnings("restricted")
  private static final class C {
    private static final MethodHandle CALLOC =
        function(
            "calloc",
            FunctionDescriptor.of(
                ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE =
        function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }

    static MemorySegment allocate(long byteSize, Arena arena) {
      MemorySegment block;
      try {
        block = (MemorySegment) CALLOC.invokeExact(1L, byteSize + ALIGNMENT);
      } catch (Throwable e) {
        throw new AssertionError("calloc", e);
      }
      if (block.address() == 0) {
        throw new OutOfMemoryError("calloc of " + byteSize + " bytes");
      }
      long padding = -block.address() & (ALIGNMENT - 1);
      return block.reinterpret(byteSize + ALIGNMENT, arena, C::free).asSlice(padding, byteSize);
    }

    private static void free(MemorySegment block) {
      try {
        FREE.invokeExact(block);
      } catch (Throwable e) {
        throw new AssertionError("free", e);
      }
    }
  }
}
