package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;
import static dev.wick.backend.cpu.vector.Lanes.I;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import dev.wick.backend.cpu.loop.FloatTileDot;
import dev.wick.backend.cpu.loop.RowDot;
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
final class VectorTileDot implements FloatTileDot {
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
  public int maxVectors() {
    return 1;
  }

  @Override
  public void few(
      MemorySegment tiles,
      long tilesOffset,
      int count,
      int n,
      int vectors,
      MemorySegment x,
      long xOffset,
      long xRowBytes,
      MemorySegment y,
      long yOffset,
      long yRowBytes,
      MemorySegment scratch,
      long scratchOffset) {
    long sums = xOffset + RowDot.preparedBytes(n);
    for (int tile = 0; tile < count; tile++) {
      long at = tilesOffset + (long) BLOCK_BYTES * (n / BLOCK) * tile;
      long to = yOffset + 4L * ROWS * tile;
      for (int lane = 0; lane < HALF; lane += COUNT) {
        lanes(tiles, at + 4L * lane, n, x, xOffset, sums, y, to + 4L * lane);
      }
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

  /** The product and sum is exact: the scale has 11 bits, and what comes out has four more. */
  @Override
  public void expand(
      MemorySegment tile,
      long tileOffset,
      int blocks,
      MemorySegment target,
      long targetOffset,
      long targetRowBytes) {
    for (int lane = 0; lane < HALF; lane += COUNT) {
      expandLanes(
          tile, tileOffset + 4L * lane, blocks, target, targetOffset + 4L * lane, targetRowBytes);
    }
  }

  private static void expandLanes(
      MemorySegment tile,
      long tileOffset,
      int blocks,
      MemorySegment target,
      long targetOffset,
      long step) {
    for (int group = 0; group < 4 * blocks; group++) {
      long block = tileOffset + (long) BLOCK_BYTES * (group / 4);
      IntVector scales = IntVector.fromMemorySegment(I, tile, block + 512, LE);
      FloatVector scale0 =
          scales
              .lanewise(VectorOperators.LSHL, 16)
              .lanewise(VectorOperators.ASHR, 3)
              .lanewise(VectorOperators.AND, SCALE_BITS)
              .reinterpretAsFloats()
              .mul(SCALE);
      FloatVector scale1 =
          scales
              .lanewise(VectorOperators.ASHR, 3)
              .lanewise(VectorOperators.AND, SCALE_BITS)
              .reinterpretAsFloats()
              .mul(SCALE);
      FloatVector zero0 = scale0.mul(-1.5f);
      FloatVector zero1 = scale1.mul(-1.5f);
      long at = block + 128L * (group % 4);
      IntVector v = IntVector.fromMemorySegment(I, tile, at, LE);
      IntVector u = IntVector.fromMemorySegment(I, tile, at + 64, LE);
      long to = targetOffset + 8L * group * step;
      v.lanewise(VectorOperators.LSHL, 19)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale0, zero0)
          .intoMemorySegment(target, to, LE);
      u.lanewise(VectorOperators.LSHL, 19)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale1, zero1)
          .intoMemorySegment(target, to + 4L * HALF, LE);
      v.lanewise(VectorOperators.LSHL, 15)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale0, zero0)
          .intoMemorySegment(target, to + 1 * step, LE);
      u.lanewise(VectorOperators.LSHL, 15)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale1, zero1)
          .intoMemorySegment(target, to + 1 * step + 4L * HALF, LE);
      v.lanewise(VectorOperators.LSHL, 11)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale0, zero0)
          .intoMemorySegment(target, to + 2 * step, LE);
      u.lanewise(VectorOperators.LSHL, 11)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale1, zero1)
          .intoMemorySegment(target, to + 2 * step + 4L * HALF, LE);
      v.lanewise(VectorOperators.LSHL, 7)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale0, zero0)
          .intoMemorySegment(target, to + 3 * step, LE);
      u.lanewise(VectorOperators.LSHL, 7)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale1, zero1)
          .intoMemorySegment(target, to + 3 * step + 4L * HALF, LE);
      v.lanewise(VectorOperators.LSHL, 3)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale0, zero0)
          .intoMemorySegment(target, to + 4 * step, LE);
      u.lanewise(VectorOperators.LSHL, 3)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale1, zero1)
          .intoMemorySegment(target, to + 4 * step + 4L * HALF, LE);
      v.lanewise(VectorOperators.LSHR, 1)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale0, zero0)
          .intoMemorySegment(target, to + 5 * step, LE);
      u.lanewise(VectorOperators.LSHR, 1)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale1, zero1)
          .intoMemorySegment(target, to + 5 * step + 4L * HALF, LE);
      v.lanewise(VectorOperators.LSHR, 5)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale0, zero0)
          .intoMemorySegment(target, to + 6 * step, LE);
      u.lanewise(VectorOperators.LSHR, 5)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale1, zero1)
          .intoMemorySegment(target, to + 6 * step + 4L * HALF, LE);
      v.lanewise(VectorOperators.LSHR, 9)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale0, zero0)
          .intoMemorySegment(target, to + 7 * step, LE);
      u.lanewise(VectorOperators.LSHR, 9)
          .lanewise(VectorOperators.AND, MANTISSA)
          .lanewise(VectorOperators.OR, ONE)
          .reinterpretAsFloats()
          .fma(scale1, zero1)
          .intoMemorySegment(target, to + 7 * step + 4L * HALF, LE);
    }
  }
}
