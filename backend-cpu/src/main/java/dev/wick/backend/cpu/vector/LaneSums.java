package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/** Sums over the lanes of vectors, in an order that does not depend on how the code is run. */
final class LaneSums {
  static final VectorShuffle<Float> BY_HALF = rotation(2);
  static final VectorShuffle<Float> BY_QUARTER = rotation(4);
  static final VectorShuffle<Float> BY_EIGHTH = rotation(8);
  static final VectorShuffle<Float> BY_SIXTEENTH = rotation(16);

  private LaneSums() {}

  private static VectorShuffle<Float> rotation(int part) {
    int by = Math.max(1, COUNT / part);
    return VectorShuffle.fromOp(F, lane -> (lane + by) % COUNT);
  }

  /** Stores the sums of {@code count} vectors, {@code step} bytes apart, times {@code scale}. */
  static void store(
      MemorySegment sums,
      long offset,
      long step,
      int count,
      float scale,
      MemorySegment y,
      long yOffset) {
    for (int i = 0; i < count; i++) {
      FloatVector v = FloatVector.fromMemorySegment(F, sums, offset + i * step, LE);
      v = v.add(v.rearrange(BY_HALF));
      v = v.add(v.rearrange(BY_QUARTER));
      if (COUNT >= 8) {
        v = v.add(v.rearrange(BY_EIGHTH));
      }
      if (COUNT >= 16) {
        v = v.add(v.rearrange(BY_SIXTEENTH));
      }
      y.set(FLOAT, yOffset + 4L * i, v.lane(0) * scale);
    }
  }
}
