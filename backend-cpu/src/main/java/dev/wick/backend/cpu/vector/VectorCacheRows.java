package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.LE;
import static dev.wick.backend.cpu.vector.Lanes.SHORT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Expands the rows of one head of a key-value cache in Q8_0, for vectors of 8 or 16 floats. */
final class VectorCacheRows {
  private static final int BLOCK = 32;
  private static final int BLOCK_BYTES = 34;
  private static final VectorSpecies<Byte> B =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * COUNT)));

  private VectorCacheRows() {}

  static void widen(
      MemorySegment w,
      long offset,
      long rowBytes,
      int rows,
      int elements,
      MemorySegment y,
      long yOffset) {
    int blocks = elements / BLOCK;
    long to = yOffset;
    for (int r = 0; r < rows; r++) {
      long at = offset + r * rowBytes;
      for (int b = 0; b < blocks; b++) {
        FloatVector scale = FloatVector.broadcast(F, Float.float16ToFloat(w.get(SHORT, at)));
        ((FloatVector)
                ByteVector.fromMemorySegment(B, w, at + 2, LE)
                    .convertShape(VectorOperators.B2F, F, 0))
            .mul(scale)
            .intoMemorySegment(y, to, LE);
        ((FloatVector)
                ByteVector.fromMemorySegment(B, w, at + 2 + COUNT, LE)
                    .convertShape(VectorOperators.B2F, F, 0))
            .mul(scale)
            .intoMemorySegment(y, to + BYTES, LE);
        if (COUNT == 8) {
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, w, at + 2 + 2L * COUNT, LE)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(scale)
              .intoMemorySegment(y, to + 2 * BYTES, LE);
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, w, at + 2 + 3L * COUNT, LE)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(scale)
              .intoMemorySegment(y, to + 3 * BYTES, LE);
        }
        at += BLOCK_BYTES;
        to += 4L * BLOCK;
      }
    }
  }
}
