package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;
import static dev.wick.backend.cpu.vector.Lanes.I;
import static dev.wick.backend.cpu.vector.Lanes.LE;
import static dev.wick.backend.cpu.vector.Lanes.SHORT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of F16, decoded as integers in the layout of {@link VectorBf16Dot}. */
final class VectorF16Dot extends VectorDot {
  // A half shifted into place reads as h * 2^-112, subnormal halves included. Half of the missing
  // power is put into the vector and half into the result, so that neither overflows nor loses bits
  // for values below 2^70.
  private static final int HALF_BITS = 0x8fffe000;
  private static final float HALF_SCALE = 0x1p56f;
  private static final float ELEMENT_SCALE = 0x1p-112f;

  // Infinities and NaN would read as finite. Adding one to the exponent of both halves of a word
  // carries into a sign bit only for them; a row that has any is computed again, element by
  // element.
  private static final int EXPONENTS = 0x7c007c00;
  private static final int EXPONENT_STEP = 0x04000400;
  private static final int CARRIES = 0x80008000;

  VectorF16Dot() {
    super(2, HALF_SCALE);
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    EvenOdd.split(x, xOffset, n, HALF_SCALE, prepared, preparedOffset);
  }

  @Override
  float element(MemorySegment w, long offset) {
    return Float.float16ToFloat(w.get(SHORT, offset)) * ELEMENT_SCALE;
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
    for (int r = 0; r < rows; r++) {
      long row = wOffset + r * wRowBytes;
      FloatVector even = FloatVector.zero(F);
      FloatVector odd = FloatVector.zero(F);
      IntVector carries = IntVector.zero(I);
      for (int k = 0; k < main; k += 2 * COUNT) {
        FloatVector xEven = FloatVector.fromMemorySegment(F, x, xOffset + 4L * k, LE);
        FloatVector xOdd = FloatVector.fromMemorySegment(F, x, xOffset + 4L * k + BYTES, LE);
        IntVector pair = IntVector.fromMemorySegment(I, w, row + 2L * k, LE);
        carries =
            carries.lanewise(
                VectorOperators.OR,
                pair.lanewise(VectorOperators.AND, EXPONENTS).add(EXPONENT_STEP));
        even =
            pair.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 3)
                .lanewise(VectorOperators.AND, HALF_BITS)
                .reinterpretAsFloats()
                .fma(xEven, even);
        odd =
            pair.lanewise(VectorOperators.ASHR, 3)
                .lanewise(VectorOperators.AND, HALF_BITS)
                .reinterpretAsFloats()
                .fma(xOdd, odd);
      }
      even.add(odd).intoMemorySegment(sums, sumsOffset + r * BYTES, LE);
      if ((carries.reduceLanes(VectorOperators.OR) & CARRIES) != 0) {
        exact(w, row, main, x, xOffset, sums, sumsOffset + r * BYTES);
      }
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
    for (int r = 0; r < rows; r++) {
      long row = wOffset + r * wRowBytes;
      FloatVector even0 = FloatVector.zero(F);
      FloatVector odd0 = FloatVector.zero(F);
      FloatVector even1 = FloatVector.zero(F);
      FloatVector odd1 = FloatVector.zero(F);
      FloatVector even2 = FloatVector.zero(F);
      FloatVector odd2 = FloatVector.zero(F);
      FloatVector even3 = FloatVector.zero(F);
      FloatVector odd3 = FloatVector.zero(F);
      IntVector carries = IntVector.zero(I);
      for (int k = 0; k < main; k += 2 * COUNT) {
        long at = 4L * k;
        IntVector pair = IntVector.fromMemorySegment(I, w, row + 2L * k, LE);
        carries =
            carries.lanewise(
                VectorOperators.OR,
                pair.lanewise(VectorOperators.AND, EXPONENTS).add(EXPONENT_STEP));
        FloatVector low =
            pair.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 3)
                .lanewise(VectorOperators.AND, HALF_BITS)
                .reinterpretAsFloats();
        FloatVector high =
            pair.lanewise(VectorOperators.ASHR, 3)
                .lanewise(VectorOperators.AND, HALF_BITS)
                .reinterpretAsFloats();
        even0 = FloatVector.fromMemorySegment(F, x, x0 + at, LE).fma(low, even0);
        odd0 = FloatVector.fromMemorySegment(F, x, x0 + at + BYTES, LE).fma(high, odd0);
        even1 = FloatVector.fromMemorySegment(F, x, x1 + at, LE).fma(low, even1);
        odd1 = FloatVector.fromMemorySegment(F, x, x1 + at + BYTES, LE).fma(high, odd1);
        even2 = FloatVector.fromMemorySegment(F, x, x2 + at, LE).fma(low, even2);
        odd2 = FloatVector.fromMemorySegment(F, x, x2 + at + BYTES, LE).fma(high, odd2);
        even3 = FloatVector.fromMemorySegment(F, x, x3 + at, LE).fma(low, even3);
        odd3 = FloatVector.fromMemorySegment(F, x, x3 + at + BYTES, LE).fma(high, odd3);
      }
      long to = sumsOffset + 4L * r * BYTES;
      even0.add(odd0).intoMemorySegment(sums, to, LE);
      even1.add(odd1).intoMemorySegment(sums, to + BYTES, LE);
      even2.add(odd2).intoMemorySegment(sums, to + 2 * BYTES, LE);
      even3.add(odd3).intoMemorySegment(sums, to + 3 * BYTES, LE);
      if ((carries.reduceLanes(VectorOperators.OR) & CARRIES) != 0) {
        exact(w, row, main, x, x0, sums, to);
        exact(w, row, main, x, x1, sums, to + BYTES);
        exact(w, row, main, x, x2, sums, to + 2 * BYTES);
        exact(w, row, main, x, x3, sums, to + 3 * BYTES);
      }
    }
  }

  /** Puts the sum, with every half taken at its value, into the first lane. */
  private static void exact(
      MemorySegment w,
      long row,
      int main,
      MemorySegment x,
      long xOffset,
      MemorySegment sums,
      long sumsOffset) {
    float sum = 0;
    for (int k = 0; k < main; k++) {
      sum +=
          Float.float16ToFloat(w.get(SHORT, row + 2L * k))
              * x.get(FLOAT, xOffset + 4L * EvenOdd.place(k));
    }
    sums.asSlice(sumsOffset, BYTES).fill((byte) 0);
    sums.set(FLOAT, sumsOffset, sum * ELEMENT_SCALE);
  }
}
