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

/** Rows of Q8_0 as they are stored, for vectors of 8 or 16 floats. */
final class VectorQ8Dot extends VectorDot {
  private static final int BLOCK = 32;
  private static final int BLOCK_BYTES = 34;
  private static final VectorSpecies<Byte> B =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * COUNT)));

  VectorQ8Dot() {
    super(1, 1);
  }

  /** Whether the bytes of a vector of floats make a vector, and a block whole ones. */
  static boolean fits() {
    return COUNT == 8 || COUNT == 16;
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    MemorySegment.copy(x, xOffset, prepared, preparedOffset, 4L * n);
  }

  /** Never asked for: rows are whole blocks, and blocks whole vectors. */
  @Override
  float element(MemorySegment w, long offset) {
    throw new IllegalStateException("q8_0: expected whole blocks, got a tail");
  }

  @Override
  void lanes(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int main,
      MemorySegment x,
      long xOffset,
      MemorySegment sums,
      long sumsOffset) {
    int blocks = main / BLOCK;
    for (int r = 0; r < rows; r++) {
      long row = wOffset + r * wRowBytes;
      FloatVector sum = FloatVector.zero(F);
      for (int b = 0; b < blocks; b++) {
        long at = row + (long) BLOCK_BYTES * b;
        long xAt = xOffset + 4L * BLOCK * b;
        FloatVector scale = FloatVector.broadcast(F, Float.float16ToFloat(w.get(SHORT, at)));
        FloatVector product =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, w, at + 2, LE)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(FloatVector.fromMemorySegment(F, x, xAt, LE));
        product =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, w, at + 2 + COUNT, LE)
                        .convertShape(VectorOperators.B2F, F, 0))
                .fma(FloatVector.fromMemorySegment(F, x, xAt + BYTES, LE), product);
        if (COUNT == 8) {
          product =
              ((FloatVector)
                      ByteVector.fromMemorySegment(B, w, at + 2 + 2L * COUNT, LE)
                          .convertShape(VectorOperators.B2F, F, 0))
                  .fma(FloatVector.fromMemorySegment(F, x, xAt + 2 * BYTES, LE), product);
          product =
              ((FloatVector)
                      ByteVector.fromMemorySegment(B, w, at + 2 + 3L * COUNT, LE)
                          .convertShape(VectorOperators.B2F, F, 0))
                  .fma(FloatVector.fromMemorySegment(F, x, xAt + 3 * BYTES, LE), product);
        }
        sum = product.fma(scale, sum);
      }
      sum.intoMemorySegment(sums, sumsOffset + r * BYTES, LE);
    }
  }

  @Override
  void lanesOfFour(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int main,
      MemorySegment x,
      long x0,
      long x1,
      long x2,
      long x3,
      MemorySegment sums,
      long sumsOffset) {
    int blocks = main / BLOCK;
    for (int r = 0; r < rows; r++) {
      long row = wOffset + r * wRowBytes;
      FloatVector sum0 = FloatVector.zero(F);
      FloatVector sum1 = FloatVector.zero(F);
      FloatVector sum2 = FloatVector.zero(F);
      FloatVector sum3 = FloatVector.zero(F);
      for (int b = 0; b < blocks; b++) {
        long block = row + (long) BLOCK_BYTES * b;
        long at = 4L * BLOCK * b;
        FloatVector scale = FloatVector.broadcast(F, Float.float16ToFloat(w.get(SHORT, block)));
        FloatVector weight0 =
            (FloatVector)
                ByteVector.fromMemorySegment(B, w, block + 2, LE)
                    .convertShape(VectorOperators.B2F, F, 0);
        FloatVector weight1 =
            (FloatVector)
                ByteVector.fromMemorySegment(B, w, block + 2 + COUNT, LE)
                    .convertShape(VectorOperators.B2F, F, 0);
        FloatVector product0 = weight0.mul(FloatVector.fromMemorySegment(F, x, x0 + at, LE));
        product0 = weight1.fma(FloatVector.fromMemorySegment(F, x, x0 + at + BYTES, LE), product0);
        FloatVector product1 = weight0.mul(FloatVector.fromMemorySegment(F, x, x1 + at, LE));
        product1 = weight1.fma(FloatVector.fromMemorySegment(F, x, x1 + at + BYTES, LE), product1);
        FloatVector product2 = weight0.mul(FloatVector.fromMemorySegment(F, x, x2 + at, LE));
        product2 = weight1.fma(FloatVector.fromMemorySegment(F, x, x2 + at + BYTES, LE), product2);
        FloatVector product3 = weight0.mul(FloatVector.fromMemorySegment(F, x, x3 + at, LE));
        product3 = weight1.fma(FloatVector.fromMemorySegment(F, x, x3 + at + BYTES, LE), product3);
        if (COUNT == 8) {
          weight0 =
              (FloatVector)
                  ByteVector.fromMemorySegment(B, w, block + 2 + 2L * COUNT, LE)
                      .convertShape(VectorOperators.B2F, F, 0);
          weight1 =
              (FloatVector)
                  ByteVector.fromMemorySegment(B, w, block + 2 + 3L * COUNT, LE)
                      .convertShape(VectorOperators.B2F, F, 0);
          product0 =
              weight0.fma(FloatVector.fromMemorySegment(F, x, x0 + at + 2 * BYTES, LE), product0);
          product0 =
              weight1.fma(FloatVector.fromMemorySegment(F, x, x0 + at + 3 * BYTES, LE), product0);
          product1 =
              weight0.fma(FloatVector.fromMemorySegment(F, x, x1 + at + 2 * BYTES, LE), product1);
          product1 =
              weight1.fma(FloatVector.fromMemorySegment(F, x, x1 + at + 3 * BYTES, LE), product1);
          product2 =
              weight0.fma(FloatVector.fromMemorySegment(F, x, x2 + at + 2 * BYTES, LE), product2);
          product2 =
              weight1.fma(FloatVector.fromMemorySegment(F, x, x2 + at + 3 * BYTES, LE), product2);
          product3 =
              weight0.fma(FloatVector.fromMemorySegment(F, x, x3 + at + 2 * BYTES, LE), product3);
          product3 =
              weight1.fma(FloatVector.fromMemorySegment(F, x, x3 + at + 3 * BYTES, LE), product3);
        }
        sum0 = product0.fma(scale, sum0);
        sum1 = product1.fma(scale, sum1);
        sum2 = product2.fma(scale, sum2);
        sum3 = product3.fma(scale, sum3);
      }
      long to = sumsOffset + 4L * r * BYTES;
      sum0.intoMemorySegment(sums, to, LE);
      sum1.intoMemorySegment(sums, to + BYTES, LE);
      sum2.intoMemorySegment(sums, to + 2 * BYTES, LE);
      sum3.intoMemorySegment(sums, to + 3 * BYTES, LE);
    }
  }
}
