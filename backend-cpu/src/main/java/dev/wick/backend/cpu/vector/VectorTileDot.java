package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;
import static dev.wick.backend.cpu.vector.Lanes.I;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.TileDot;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Tiles of Q4_0 on vectors of 4, 8 or 16 lanes.
 *
 * <p>Four bits become a float without a conversion: shifted to the top of the mantissa of 1, the
 * quant q makes 1 + q / 16. The product starts at -1.5 times the sum of the block's x, which leaves
 * the sum of x (q - 8) / 16.
 */
final class VectorTileDot implements TileDot {
  private static final int MANTISSA = 0x780000;
  private static final int ONE = 0x3f800000;
  private static final int HALF = 16;

  /** F16 bits moved to their places in F32 are too small by this factor; and q is by 16. */
  private static final float SCALE = 0x1p116f;

  private static final int SCALE_BITS = 0x8fffe000;

  static boolean fits() {
    return COUNT == 4 || COUNT == 8 || COUNT == 16;
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    MemorySegment.copy(x, xOffset, prepared, preparedOffset, 4L * n);
    long sums = preparedOffset + RowDot.preparedBytes(n);
    for (int b = 0; b < n / BLOCK; b++) {
      float sum = 0;
      for (int i = 0; i < BLOCK; i++) {
        sum += x.get(FLOAT, xOffset + 4L * (b * BLOCK + i));
      }
      prepared.set(FLOAT, sums + 4L * b, -1.5f * sum);
    }
  }

  @Override
  public void one(
      MemorySegment tile,
      long tileOffset,
      int n,
      MemorySegment x,
      long xOffset,
      MemorySegment y,
      long yOffset) {
    for (int lane = 0; lane < HALF; lane += COUNT) {
      lanes(
          tile,
          tileOffset + 4L * lane,
          n,
          x,
          xOffset,
          xOffset + RowDot.preparedBytes(n),
          y,
          yOffset + 4L * lane);
    }
  }

  private static void lanes(
      MemorySegment tile,
      long tileOffset,
      int n,
      MemorySegment x,
      long xOffset,
      long sums,
      MemorySegment y,
      long yOffset) {
    FloatVector low = FloatVector.zero(F);
    FloatVector high = FloatVector.zero(F);
    for (int b = 0; b < n / BLOCK; b++) {
      long at = tileOffset + (long) BLOCK_BYTES * b;
      long xAt = xOffset + 4L * BLOCK * b;
      FloatVector a0 = FloatVector.broadcast(F, x.get(FLOAT, sums + 4L * b));
      FloatVector b0 = a0;
      FloatVector a1 = FloatVector.zero(F);
      FloatVector b1 = a1;
      for (int g = 0; g < 4; g++) {
        IntVector v = IntVector.fromMemorySegment(I, tile, at + 128L * g, LE);
        IntVector u = IntVector.fromMemorySegment(I, tile, at + 128L * g + 64, LE);
        long xg = xAt + 32L * g;
        FloatVector t = FloatVector.broadcast(F, x.get(FLOAT, xg));
        a0 =
            v.lanewise(VectorOperators.LSHL, 19)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, a0);
        b0 =
            u.lanewise(VectorOperators.LSHL, 19)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, xg + 4));
        a1 =
            v.lanewise(VectorOperators.LSHL, 15)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, a1);
        b1 =
            u.lanewise(VectorOperators.LSHL, 15)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, xg + 8));
        a0 =
            v.lanewise(VectorOperators.LSHL, 11)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, a0);
        b0 =
            u.lanewise(VectorOperators.LSHL, 11)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, xg + 12));
        a1 =
            v.lanewise(VectorOperators.LSHL, 7)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, a1);
        b1 =
            u.lanewise(VectorOperators.LSHL, 7)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, xg + 16));
        a0 =
            v.lanewise(VectorOperators.LSHL, 3)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, a0);
        b0 =
            u.lanewise(VectorOperators.LSHL, 3)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, xg + 20));
        a1 =
            v.lanewise(VectorOperators.LSHR, 1)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, a1);
        b1 =
            u.lanewise(VectorOperators.LSHR, 1)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, xg + 24));
        a0 =
            v.lanewise(VectorOperators.LSHR, 5)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, a0);
        b0 =
            u.lanewise(VectorOperators.LSHR, 5)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, xg + 28));
        a1 =
            v.lanewise(VectorOperators.LSHR, 9)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, a1);
        b1 =
            u.lanewise(VectorOperators.LSHR, 9)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats()
                .fma(t, b1);
      }
      IntVector scales = IntVector.fromMemorySegment(I, tile, at + 512, LE);
      FloatVector lowScale =
          scales
              .lanewise(VectorOperators.LSHL, 16)
              .lanewise(VectorOperators.ASHR, 3)
              .lanewise(VectorOperators.AND, SCALE_BITS)
              .reinterpretAsFloats()
              .mul(SCALE);
      FloatVector highScale =
          scales
              .lanewise(VectorOperators.ASHR, 3)
              .lanewise(VectorOperators.AND, SCALE_BITS)
              .reinterpretAsFloats()
              .mul(SCALE);
      low = a0.add(a1).fma(lowScale, low);
      high = b0.add(b1).fma(highScale, high);
    }
    low.intoMemorySegment(y, yOffset, LE);
    high.intoMemorySegment(y, yOffset + 4L * HALF, LE);
  }

  @Override
  public void four(
      MemorySegment tile,
      long tileOffset,
      int n,
      MemorySegment x,
      long x0,
      long x1,
      long x2,
      long x3,
      MemorySegment y,
      long yOffset,
      long yRowBytes) {
    long sums = RowDot.preparedBytes(n);
    for (int lane = 0; lane < HALF; lane += COUNT) {
      lanesOfFour(
          tile,
          tileOffset + 4L * lane,
          n,
          x,
          x0,
          x1,
          x2,
          x3,
          sums,
          y,
          yOffset + 4L * lane,
          yRowBytes);
    }
  }

  private static void lanesOfFour(
      MemorySegment tile,
      long tileOffset,
      int n,
      MemorySegment x,
      long x0,
      long x1,
      long x2,
      long x3,
      long sums,
      MemorySegment y,
      long yOffset,
      long yRowBytes) {
    FloatVector low0 = FloatVector.zero(F);
    FloatVector low1 = low0;
    FloatVector low2 = low0;
    FloatVector low3 = low0;
    FloatVector high0 = low0;
    FloatVector high1 = low0;
    FloatVector high2 = low0;
    FloatVector high3 = low0;
    for (int b = 0; b < n / BLOCK; b++) {
      long at = tileOffset + (long) BLOCK_BYTES * b;
      long xAt = 4L * BLOCK * b;
      long sum = sums + 4L * b;
      FloatVector a0 = FloatVector.broadcast(F, x.get(FLOAT, x0 + sum));
      FloatVector a1 = FloatVector.broadcast(F, x.get(FLOAT, x1 + sum));
      FloatVector a2 = FloatVector.broadcast(F, x.get(FLOAT, x2 + sum));
      FloatVector a3 = FloatVector.broadcast(F, x.get(FLOAT, x3 + sum));
      FloatVector b0 = a0;
      FloatVector b1 = a1;
      FloatVector b2 = a2;
      FloatVector b3 = a3;
      for (int g = 0; g < 4; g++) {
        IntVector v = IntVector.fromMemorySegment(I, tile, at + 128L * g, LE);
        IntVector u = IntVector.fromMemorySegment(I, tile, at + 128L * g + 64, LE);
        long xg = xAt + 32L * g;
        FloatVector p =
            v.lanewise(VectorOperators.LSHL, 19)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        FloatVector q =
            u.lanewise(VectorOperators.LSHL, 19)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        FloatVector t = FloatVector.broadcast(F, x.get(FLOAT, x0 + xg + 0));
        a0 = p.fma(t, a0);
        b0 = q.fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, x1 + xg + 0));
        a1 = p.fma(t, a1);
        b1 = q.fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, x2 + xg + 0));
        a2 = p.fma(t, a2);
        b2 = q.fma(t, b2);
        t = FloatVector.broadcast(F, x.get(FLOAT, x3 + xg + 0));
        a3 = p.fma(t, a3);
        b3 = q.fma(t, b3);
        p =
            v.lanewise(VectorOperators.LSHL, 15)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        q =
            u.lanewise(VectorOperators.LSHL, 15)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        t = FloatVector.broadcast(F, x.get(FLOAT, x0 + xg + 4));
        a0 = p.fma(t, a0);
        b0 = q.fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, x1 + xg + 4));
        a1 = p.fma(t, a1);
        b1 = q.fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, x2 + xg + 4));
        a2 = p.fma(t, a2);
        b2 = q.fma(t, b2);
        t = FloatVector.broadcast(F, x.get(FLOAT, x3 + xg + 4));
        a3 = p.fma(t, a3);
        b3 = q.fma(t, b3);
        p =
            v.lanewise(VectorOperators.LSHL, 11)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        q =
            u.lanewise(VectorOperators.LSHL, 11)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        t = FloatVector.broadcast(F, x.get(FLOAT, x0 + xg + 8));
        a0 = p.fma(t, a0);
        b0 = q.fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, x1 + xg + 8));
        a1 = p.fma(t, a1);
        b1 = q.fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, x2 + xg + 8));
        a2 = p.fma(t, a2);
        b2 = q.fma(t, b2);
        t = FloatVector.broadcast(F, x.get(FLOAT, x3 + xg + 8));
        a3 = p.fma(t, a3);
        b3 = q.fma(t, b3);
        p =
            v.lanewise(VectorOperators.LSHL, 7)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        q =
            u.lanewise(VectorOperators.LSHL, 7)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        t = FloatVector.broadcast(F, x.get(FLOAT, x0 + xg + 12));
        a0 = p.fma(t, a0);
        b0 = q.fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, x1 + xg + 12));
        a1 = p.fma(t, a1);
        b1 = q.fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, x2 + xg + 12));
        a2 = p.fma(t, a2);
        b2 = q.fma(t, b2);
        t = FloatVector.broadcast(F, x.get(FLOAT, x3 + xg + 12));
        a3 = p.fma(t, a3);
        b3 = q.fma(t, b3);
        p =
            v.lanewise(VectorOperators.LSHL, 3)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        q =
            u.lanewise(VectorOperators.LSHL, 3)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        t = FloatVector.broadcast(F, x.get(FLOAT, x0 + xg + 16));
        a0 = p.fma(t, a0);
        b0 = q.fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, x1 + xg + 16));
        a1 = p.fma(t, a1);
        b1 = q.fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, x2 + xg + 16));
        a2 = p.fma(t, a2);
        b2 = q.fma(t, b2);
        t = FloatVector.broadcast(F, x.get(FLOAT, x3 + xg + 16));
        a3 = p.fma(t, a3);
        b3 = q.fma(t, b3);
        p =
            v.lanewise(VectorOperators.LSHR, 1)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        q =
            u.lanewise(VectorOperators.LSHR, 1)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        t = FloatVector.broadcast(F, x.get(FLOAT, x0 + xg + 20));
        a0 = p.fma(t, a0);
        b0 = q.fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, x1 + xg + 20));
        a1 = p.fma(t, a1);
        b1 = q.fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, x2 + xg + 20));
        a2 = p.fma(t, a2);
        b2 = q.fma(t, b2);
        t = FloatVector.broadcast(F, x.get(FLOAT, x3 + xg + 20));
        a3 = p.fma(t, a3);
        b3 = q.fma(t, b3);
        p =
            v.lanewise(VectorOperators.LSHR, 5)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        q =
            u.lanewise(VectorOperators.LSHR, 5)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        t = FloatVector.broadcast(F, x.get(FLOAT, x0 + xg + 24));
        a0 = p.fma(t, a0);
        b0 = q.fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, x1 + xg + 24));
        a1 = p.fma(t, a1);
        b1 = q.fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, x2 + xg + 24));
        a2 = p.fma(t, a2);
        b2 = q.fma(t, b2);
        t = FloatVector.broadcast(F, x.get(FLOAT, x3 + xg + 24));
        a3 = p.fma(t, a3);
        b3 = q.fma(t, b3);
        p =
            v.lanewise(VectorOperators.LSHR, 9)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        q =
            u.lanewise(VectorOperators.LSHR, 9)
                .lanewise(VectorOperators.AND, MANTISSA)
                .lanewise(VectorOperators.OR, ONE)
                .reinterpretAsFloats();
        t = FloatVector.broadcast(F, x.get(FLOAT, x0 + xg + 28));
        a0 = p.fma(t, a0);
        b0 = q.fma(t, b0);
        t = FloatVector.broadcast(F, x.get(FLOAT, x1 + xg + 28));
        a1 = p.fma(t, a1);
        b1 = q.fma(t, b1);
        t = FloatVector.broadcast(F, x.get(FLOAT, x2 + xg + 28));
        a2 = p.fma(t, a2);
        b2 = q.fma(t, b2);
        t = FloatVector.broadcast(F, x.get(FLOAT, x3 + xg + 28));
        a3 = p.fma(t, a3);
        b3 = q.fma(t, b3);
      }
      IntVector scales = IntVector.fromMemorySegment(I, tile, at + 512, LE);
      FloatVector lowScale =
          scales
              .lanewise(VectorOperators.LSHL, 16)
              .lanewise(VectorOperators.ASHR, 3)
              .lanewise(VectorOperators.AND, SCALE_BITS)
              .reinterpretAsFloats()
              .mul(SCALE);
      FloatVector highScale =
          scales
              .lanewise(VectorOperators.ASHR, 3)
              .lanewise(VectorOperators.AND, SCALE_BITS)
              .reinterpretAsFloats()
              .mul(SCALE);
      low0 = a0.fma(lowScale, low0);
      low1 = a1.fma(lowScale, low1);
      low2 = a2.fma(lowScale, low2);
      low3 = a3.fma(lowScale, low3);
      high0 = b0.fma(highScale, high0);
      high1 = b1.fma(highScale, high1);
      high2 = b2.fma(highScale, high2);
      high3 = b3.fma(highScale, high3);
    }
    low0.intoMemorySegment(y, yOffset, LE);
    high0.intoMemorySegment(y, yOffset + 4L * HALF, LE);
    low1.intoMemorySegment(y, yOffset + yRowBytes, LE);
    high1.intoMemorySegment(y, yOffset + yRowBytes + 4L * HALF, LE);
    low2.intoMemorySegment(y, yOffset + 2 * yRowBytes, LE);
    high2.intoMemorySegment(y, yOffset + 2 * yRowBytes + 4L * HALF, LE);
    low3.intoMemorySegment(y, yOffset + 3 * yRowBytes, LE);
    high3.intoMemorySegment(y, yOffset + 3 * yRowBytes + 4L * HALF, LE);
  }
}
