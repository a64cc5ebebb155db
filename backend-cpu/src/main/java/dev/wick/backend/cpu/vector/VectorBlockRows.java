package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.I;
import static dev.wick.backend.cpu.vector.Lanes.LE;
import static dev.wick.backend.cpu.vector.Lanes.SHORT;

import dev.wick.backend.cpu.loop.BlockRows;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.scalar.ScalarBlockRows;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Expands blocks with vectors of 8 or 16 floats; the types that are rare, element by element. Each
 * vector operation is written out where it is used: the JIT compiler would box what helpers return.
 */
final class VectorBlockRows implements BlockRows {
  private static final VectorSpecies<Byte> B =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * COUNT)));

  private final ScalarBlockRows scalar = new ScalarBlockRows();

  static boolean fits() {
    return COUNT == 8 || COUNT == 16;
  }

  @Override
  public RowDot dot(DType dtype, RowDot f32) {
    return dtype == DType.Q8_0 ? new VectorQ8Dot() : BlockRows.super.dot(dtype, f32);
  }

  @Override
  public void widen(
      DType dtype,
      MemorySegment blocks,
      long offset,
      int elements,
      MemorySegment target,
      long targetOffset) {
    int count = elements / dtype.blockElements();
    switch (dtype) {
      case Q8_0 -> eightBits(blocks, offset, count, target, targetOffset);
      case Q4_0 -> fourBits(blocks, offset, count, target, targetOffset);
      case Q4_K -> groupsOfFour(blocks, offset, count, target, targetOffset);
      case Q5_K -> groupsOfFive(blocks, offset, count, target, targetOffset);
      case Q6_K -> groupsOfSix(blocks, offset, count, target, targetOffset);
      case Q5_0 -> fiveBits(blocks, offset, count, target, targetOffset);
      default -> scalar.widen(dtype, blocks, offset, elements, target, targetOffset);
    }
  }

  @Override
  public void widenRows(
      DType dtype,
      MemorySegment blocks,
      long offset,
      long rowBytes,
      int rows,
      int elements,
      MemorySegment target,
      long targetOffset) {
    if (dtype == DType.Q8_0) {
      VectorCacheRows.widen(blocks, offset, rowBytes, rows, elements, target, targetOffset);
    } else {
      BlockRows.super.widenRows(
          dtype, blocks, offset, rowBytes, rows, elements, target, targetOffset);
    }
  }

  private static void eightBits(MemorySegment w, long offset, int count, MemorySegment y, long to) {
    for (int v = 0; v < count * (32 / COUNT); v++) {
      int k = v * COUNT;
      long block = offset + 34L * (k / 32);
      float scale = Float.float16ToFloat(w.get(SHORT, block));
      ((FloatVector)
              ByteVector.fromMemorySegment(B, w, block + 2 + k % 32, LE)
                  .convertShape(VectorOperators.B2F, F, 0))
          .mul(scale)
          .intoMemorySegment(y, to + 4L * k, LE);
    }
  }

  private static void fourBits(MemorySegment w, long offset, int count, MemorySegment y, long to) {
    for (int v = 0; v < count * (16 / COUNT); v++) {
      int k = v * COUNT;
      long block = offset + 18L * (k / 16);
      float scale = Float.float16ToFloat(w.get(SHORT, block));
      IntVector pairs =
          (IntVector)
              ByteVector.fromMemorySegment(B, w, block + 2 + k % 16, LE)
                  .convertShape(VectorOperators.B2I, I, 0);
      long at = to + 128L * (k / 16) + 4L * (k % 16);
      ((FloatVector)
              pairs
                  .lanewise(VectorOperators.AND, 15)
                  .lanewise(VectorOperators.SUB, 8)
                  .convert(VectorOperators.I2F, 0))
          .mul(scale)
          .intoMemorySegment(y, at, LE);
      ((FloatVector)
              pairs
                  .lanewise(VectorOperators.LSHR, 4)
                  .lanewise(VectorOperators.AND, 15)
                  .lanewise(VectorOperators.SUB, 8)
                  .convert(VectorOperators.I2F, 0))
          .mul(scale)
          .intoMemorySegment(y, at + 64, LE);
    }
  }

  /** The fifth bits are tested lane by lane against powers of two. */
  private static void fiveBits(MemorySegment w, long offset, int count, MemorySegment y, long to) {
    IntVector lane = IntVector.zero(I).addIndex(1);
    for (int v = 0; v < count * (16 / COUNT); v++) {
      int k = v * COUNT;
      long block = offset + 22L * (k / 16);
      float scale = Float.float16ToFloat(w.get(SHORT, block));
      IntVector fifth =
          IntVector.broadcast(I, w.get(ValueLayout.JAVA_INT_UNALIGNED, block + 2))
              .lanewise(VectorOperators.LSHR, lane.add(k % 16));
      IntVector pairs =
          (IntVector)
              ByteVector.fromMemorySegment(B, w, block + 6 + k % 16, LE)
                  .convertShape(VectorOperators.B2I, I, 0);
      long at = to + 128L * (k / 16) + 4L * (k % 16);
      ((FloatVector)
              pairs
                  .lanewise(VectorOperators.AND, 15)
                  .lanewise(
                      VectorOperators.OR,
                      fifth.lanewise(VectorOperators.LSHL, 4).lanewise(VectorOperators.AND, 16))
                  .lanewise(VectorOperators.SUB, 16)
                  .convert(VectorOperators.I2F, 0))
          .mul(scale)
          .intoMemorySegment(y, at, LE);
      ((FloatVector)
              pairs
                  .lanewise(VectorOperators.LSHR, 4)
                  .lanewise(VectorOperators.AND, 15)
                  .lanewise(
                      VectorOperators.OR,
                      fifth.lanewise(VectorOperators.LSHR, 12).lanewise(VectorOperators.AND, 16))
                  .lanewise(VectorOperators.SUB, 16)
                  .convert(VectorOperators.I2F, 0))
          .mul(scale)
          .intoMemorySegment(y, at + 64, LE);
    }
  }

  private static void groupsOfFour(
      MemorySegment w, long offset, int count, MemorySegment y, long to) {
    for (int pair = 0; pair < 4 * count; pair++) {
      long block = offset + 144L * (pair / 4);
      int g = pair % 4 * 2;
      float scale = Float.float16ToFloat(w.get(SHORT, block));
      float min = Float.float16ToFloat(w.get(SHORT, block + 2));
      float scale0 = scale * ScalarBlockRows.sixBitScale(w, block + 4, g);
      float min0 = -(min * ScalarBlockRows.sixBitMin(w, block + 4, g));
      float scale1 = scale * ScalarBlockRows.sixBitScale(w, block + 4, g + 1);
      float min1 = -(min * ScalarBlockRows.sixBitMin(w, block + 4, g + 1));
      long at = to + 256L * pair;
      for (int k = 0; k < 32; k += COUNT) {
        IntVector pairs =
            (IntVector)
                ByteVector.fromMemorySegment(B, w, block + 16 + 16L * g + k, LE)
                    .convertShape(VectorOperators.B2I, I, 0);
        // Not fused: ggml rounds the product first.
        ((FloatVector) pairs.lanewise(VectorOperators.AND, 15).convert(VectorOperators.I2F, 0))
            .mul(scale0)
            .add(min0)
            .intoMemorySegment(y, at + 4L * k, LE);
        ((FloatVector)
                pairs
                    .lanewise(VectorOperators.LSHR, 4)
                    .lanewise(VectorOperators.AND, 15)
                    .convert(VectorOperators.I2F, 0))
            .mul(scale1)
            .add(min1)
            .intoMemorySegment(y, at + 128 + 4L * k, LE);
      }
    }
  }

  private static void groupsOfFive(
      MemorySegment w, long offset, int count, MemorySegment y, long to) {
    for (int pair = 0; pair < 4 * count; pair++) {
      long block = offset + 176L * (pair / 4);
      int g = pair % 4 * 2;
      float scale = Float.float16ToFloat(w.get(SHORT, block));
      float min = Float.float16ToFloat(w.get(SHORT, block + 2));
      float scale0 = scale * ScalarBlockRows.sixBitScale(w, block + 4, g);
      float min0 = -(min * ScalarBlockRows.sixBitMin(w, block + 4, g));
      float scale1 = scale * ScalarBlockRows.sixBitScale(w, block + 4, g + 1);
      float min1 = -(min * ScalarBlockRows.sixBitMin(w, block + 4, g + 1));
      long at = to + 256L * pair;
      for (int k = 0; k < 32; k += COUNT) {
        IntVector pairs =
            (IntVector)
                ByteVector.fromMemorySegment(B, w, block + 48 + 16L * g + k, LE)
                    .convertShape(VectorOperators.B2I, I, 0);
        IntVector fifth =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, w, block + 16 + k, LE)
                        .convertShape(VectorOperators.B2I, I, 0))
                .lanewise(VectorOperators.LSHR, g);
        ((FloatVector)
                pairs
                    .lanewise(VectorOperators.AND, 15)
                    .lanewise(
                        VectorOperators.OR,
                        fifth.lanewise(VectorOperators.AND, 1).lanewise(VectorOperators.LSHL, 4))
                    .convert(VectorOperators.I2F, 0))
            .mul(scale0)
            .add(min0)
            .intoMemorySegment(y, at + 4L * k, LE);
        ((FloatVector)
                pairs
                    .lanewise(VectorOperators.LSHR, 4)
                    .lanewise(VectorOperators.AND, 15)
                    .lanewise(
                        VectorOperators.OR,
                        fifth.lanewise(VectorOperators.AND, 2).lanewise(VectorOperators.LSHL, 3))
                    .convert(VectorOperators.I2F, 0))
            .mul(scale1)
            .add(min1)
            .intoMemorySegment(y, at + 128 + 4L * k, LE);
      }
    }
  }

  /** A turn of the loop is a group of 16 elements. */
  private static void groupsOfSix(
      MemorySegment w, long offset, int count, MemorySegment y, long to) {
    for (int group = 0; group < 16 * count; group++) {
      long block = offset + 210L * (group / 16);
      int g = group % 16;
      int part = g % 8 / 2;
      float scale =
          Float.float16ToFloat(w.get(SHORT, block + 208))
              * w.get(ValueLayout.JAVA_BYTE, block + 192 + g);
      long low = block + g / 8 * 64L + part % 2 * 32L + g % 2 * 16L;
      long high = block + 128 + g / 8 * 32L + g % 2 * 16L;
      for (int k = 0; k < 16; k += COUNT) {
        IntVector lows =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, w, low + k, LE)
                        .convertShape(VectorOperators.B2I, I, 0))
                .lanewise(VectorOperators.LSHR, part / 2 * 4)
                .lanewise(VectorOperators.AND, 15);
        ((FloatVector)
                ((IntVector)
                        ByteVector.fromMemorySegment(B, w, high + k, LE)
                            .convertShape(VectorOperators.B2I, I, 0))
                    .lanewise(VectorOperators.LSHR, 2 * part)
                    .lanewise(VectorOperators.AND, 3)
                    .lanewise(VectorOperators.LSHL, 4)
                    .lanewise(VectorOperators.OR, lows)
                    .lanewise(VectorOperators.SUB, 32)
                    .convert(VectorOperators.I2F, 0))
            .mul(scale)
            .intoMemorySegment(y, to + 64L * group + 4L * k, LE);
      }
    }
  }
}
