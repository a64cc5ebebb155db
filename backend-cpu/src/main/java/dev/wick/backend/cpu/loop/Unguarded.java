package dev.wick.backend.cpu.loop;

import java.lang.foreign.MemorySegment;

/**
 * Memory without the guard against use after it is freed, for what an owner keeps alive as long as
 * anybody computes on it.
 *
 * <p>Passing memory of a shared arena to machine code counts its users up and down. Threads that do
 * so at once wait for each other's cache lines, which costs more than a short loop itself.
 */
public final class Unguarded {
  private Unguarded() {}

  /** The same memory; as it is, where native access is not granted. */
  @SuppressWarnings("restricted") // only where the user has granted it: no warning is printed
  public static MemorySegment view(MemorySegment memory) {
    return Unguarded.class.getModule().isNativeAccessEnabled()
        ? MemorySegment.ofAddress(memory.address()).reinterpret(memory.byteSize())
        : memory;
  }
}
