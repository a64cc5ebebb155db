package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Copies of elements that do not lie next to each other. */
final class Strided {
  private Strided() {}

  /**
   * Copies {@code n} elements of {@code size} bytes, {@code stride} bytes apart, to consecutive
   * places.
   */
  static void gather(
      MemorySegment source,
      long from,
      long stride,
      int size,
      long n,
      MemorySegment target,
      long to) {
    if (stride == size) {
      MemorySegment.copy(source, from, target, to, n * size);
      return;
    }
    switch (size) {
      case 1 -> {
        for (long i = 0; i < n; i++) {
          target.set(
              ValueLayout.JAVA_BYTE, to + i, source.get(ValueLayout.JAVA_BYTE, from + i * stride));
        }
      }
      case 2 -> {
        for (long i = 0; i < n; i++) {
          target.set(Layouts.SHORT, to + 2 * i, source.get(Layouts.SHORT, from + i * stride));
        }
      }
      case 4 -> {
        for (long i = 0; i < n; i++) {
          target.set(Layouts.INT, to + 4 * i, source.get(Layouts.INT, from + i * stride));
        }
      }
      default -> {
        for (long i = 0; i < n; i++) {
          target.set(Layouts.LONG, to + 8 * i, source.get(Layouts.LONG, from + i * stride));
        }
      }
    }
  }
}
