package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.I;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Unpacks words that hold two 16-bit floats into two rows of F32. */
final class Widening {
  private Widening() {}

  static void bf16Pairs(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      int pairs,
      int columns) {
    for (int p = 0; p < pairs; p++) {
      long from = sourceOffset + 4L * p * columns;
      long to = targetOffset + 8L * p * columns;
      for (int j = 0; j < columns; j += COUNT) {
        IntVector pair = IntVector.fromMemorySegment(I, source, from + 4L * j, LE);
        pair.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(target, to + 4L * j, LE);
        pair.lanewise(VectorOperators.AND, 0xffff0000)
            .intoMemorySegment(target, to + 4L * (j + columns), LE);
      }
    }
  }

  static void f16Pairs(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      int pairs,
      int columns) {
    for (int p = 0; p < pairs; p++) {
      long from = sourceOffset + 4L * p * columns;
      long to = targetOffset + 8L * p * columns;
      for (int j = 0; j < columns; j += COUNT) {
        IntVector pair = IntVector.fromMemorySegment(I, source, from + 4L * j, LE);
        pair.lanewise(VectorOperators.LSHL, 16)
            .lanewise(VectorOperators.ASHR, 3)
            .lanewise(VectorOperators.AND, 0x8fffe000)
            .reinterpretAsFloats()
            .mul(0x1p112f)
            .intoMemorySegment(target, to + 4L * j, LE);
        pair.lanewise(VectorOperators.ASHR, 3)
            .lanewise(VectorOperators.AND, 0x8fffe000)
            .reinterpretAsFloats()
            .mul(0x1p112f)
            .intoMemorySegment(target, to + 4L * (j + columns), LE);
      }
    }
  }
}
