package dev.wick.backend.cpu.emit;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Even and odd elements apart, in machine code on vectors of 16. */
final class EmittedSplit implements EmittedDot.RowSplit {
  private static final int LANES = 16;

  private final NativeKernel kernel;
  private final MemorySegment places;

  EmittedSplit(Emission code, Arena arena) {
    kernel = code.add(PanelCode.splitEvenOdd());
    places = arena.allocate(8L * LANES, 64);
    for (int i = 0; i < LANES; i++) {
      places.setAtIndex(ValueLayout.JAVA_INT, i, 2 * i);
      places.setAtIndex(ValueLayout.JAVA_INT, LANES + i, 2 * i + 1);
    }
  }

  @Override
  public void apply(MemorySegment x, long xOffset, int n, MemorySegment target, long targetOffset) {
    long from = Addresses.readable(x, xOffset, 4L * n);
    long to = Addresses.writable(target, targetOffset, 4L * n);
    kernel.call(
        MemorySegment.NULL, from, 0, n / (2 * LANES), to, places.address(), 0, 0, 0, 0, 0, 0);
  }
}
