package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.I;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Unpacks words that hold two 16-bit floats into two rows of F32. */
final class Widening {
  private static final int HALF_BITS = 0x8fffe000;

  /** Exponent of infinities and NaN, in the place where a shifted half has it. */
  private static final int LARGEST = 0x0f800000;

  private static final int INFINITY = 0x7f800000;

  private static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(Short.SIZE * COUNT));

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
        IntVector low =
            pair.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 3)
                .lanewise(VectorOperators.AND, HALF_BITS);
        IntVector high =
            pair.lanewise(VectorOperators.ASHR, 3).lanewise(VectorOperators.AND, HALF_BITS);
        low.reinterpretAsFloats()
            .mul(0x1p112f)
            .reinterpretAsInts()
            .lanewise(
                VectorOperators.OR,
                INFINITY,
                low.lanewise(VectorOperators.AND, LARGEST).compare(VectorOperators.EQ, LARGEST))
            .intoMemorySegment(target, to + 4L * j, LE);
        high.reinterpretAsFloats()
            .mul(0x1p112f)
            .reinterpretAsInts()
            .lanewise(
                VectorOperators.OR,
                INFINITY,
                high.lanewise(VectorOperators.AND, LARGEST).compare(VectorOperators.EQ, LARGEST))
            .intoMemorySegment(target, to + 4L * (j + columns), LE);
      }
    }
  }

  static void rows(
      MemorySegment source,
      DType dtype,
      long sourceOffset,
      long rowBytes,
      MemorySegment target,
      long targetOffset,
      int rows,
      int columns) {
    switch (dtype) {
      case F32 -> f32Rows(source, sourceOffset, rowBytes, target, targetOffset, rows, columns);
      case BF16 -> bf16Rows(source, sourceOffset, rowBytes, target, targetOffset, rows, columns);
      case F16 -> f16Rows(source, sourceOffset, rowBytes, target, targetOffset, rows, columns);
      default ->
          throw new IllegalArgumentException("mat_mul: expected F32, BF16 or F16, got " + dtype);
    }
  }

  private static void f32Rows(
      MemorySegment source,
      long sourceOffset,
      long rowBytes,
      MemorySegment target,
      long targetOffset,
      int rows,
      int columns) {
    for (int p = 0; p < rows; p++) {
      long from = sourceOffset + p * rowBytes;
      long to = targetOffset + 4L * p * columns;
      for (int j = 0; j < columns; j += COUNT) {
        IntVector.fromMemorySegment(I, source, from + 4L * j, LE)
            .intoMemorySegment(target, to + 4L * j, LE);
      }
    }
  }

  private static void bf16Rows(
      MemorySegment source,
      long sourceOffset,
      long rowBytes,
      MemorySegment target,
      long targetOffset,
      int rows,
      int columns) {
    for (int p = 0; p < rows; p++) {
      long from = sourceOffset + p * rowBytes;
      long to = targetOffset + 4L * p * columns;
      for (int j = 0; j < columns; j += COUNT) {
        ShortVector.fromMemorySegment(S, source, from + 2L * j, LE)
            .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0)
            .lanewise(VectorOperators.LSHL, 16)
            .intoMemorySegment(target, to + 4L * j, LE);
      }
    }
  }

  private static void f16Rows(
      MemorySegment source,
      long sourceOffset,
      long rowBytes,
      MemorySegment target,
      long targetOffset,
      int rows,
      int columns) {
    for (int p = 0; p < rows; p++) {
      long from = sourceOffset + p * rowBytes;
      long to = targetOffset + 4L * p * columns;
      for (int j = 0; j < columns; j += COUNT) {
        IntVector bits =
            ShortVector.fromMemorySegment(S, source, from + 2L * j, LE)
                .convertShape(VectorOperators.S2I, I, 0)
                .reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 13)
                .lanewise(VectorOperators.AND, HALF_BITS);
        bits.reinterpretAsFloats()
            .mul(0x1p112f)
            .reinterpretAsInts()
            .lanewise(
                VectorOperators.OR,
                INFINITY,
                bits.lanewise(VectorOperators.AND, LARGEST).compare(VectorOperators.EQ, LARGEST))
            .intoMemorySegment(target, to + 4L * j, LE);
      }
    }
  }
}
