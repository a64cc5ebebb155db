package dev.wick.backend.cpu.kernel;

import java.lang.foreign.MemorySegment;

/** Clears memory without a slice of it, which would be an object for each call. */
final class Zeros {
  private static final MemorySegment SOME = MemorySegment.ofArray(new long[256]);

  private Zeros() {}

  /** Sets {@code bytes} bytes from {@code offset} on to 0. */
  static void fill(MemorySegment target, long offset, long bytes) {
    for (long done = 0; done < bytes; done += SOME.byteSize()) {
      MemorySegment.copy(SOME, 0, target, offset + done, Math.min(SOME.byteSize(), bytes - done));
    }
  }
}
