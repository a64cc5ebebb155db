package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;
import static dev.wick.backend.cpu.vector.Lanes.I;
import static dev.wick.backend.cpu.vector.Lanes.LE;
import static dev.wick.backend.cpu.vector.Lanes.SHORT;

import dev.wick.backend.cpu.loop.RowDot;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of F16, decoded as integers in the layout of {@link VectorBf16Dot}. */
public final class VectorF16Dot implements RowDot {
  // A half shifted into place reads as h * 2^-112, subnormal halves included. Half of the missing
  // power is put into the
  // vector and half into the result, so that neither overflows nor loses bits for values below
  // 2^70.
  private static final int HALF_BITS = 0x8fffe000;
  private static final float HALF_SCALE = 0x1p56f;

  // Infinities and NaN would read as finite. Adding one to the exponent of both halves of a word
  // carries into a sign bit only
  // for them; a row that has any is computed again, element by element.
  private static final int EXPONENTS = 0x7c007c00;
  private static final int EXPONENT_STEP = 0x04000400;
  private static final int CARRIES = 0x80008000;

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    int main = n - n % (2 * COUNT);
    for (int k = 0; k < main; k += 2 * COUNT) {
      long from = xOffset + 4L * k;
      long to = preparedOffset + 4L * k;
      for (int i = 0; i < COUNT; i++) {
        prepared.set(FLOAT, to + 4L * i, x.get(FLOAT, from + 8L * i) * HALF_SCALE);
        prepared.set(FLOAT, to + 4L * (i + COUNT), x.get(FLOAT, from + 8L * i + 4) * HALF_SCALE);
      }
    }
    for (int k = main; k < n; k++) {
      prepared.set(FLOAT, preparedOffset + 4L * k, x.get(FLOAT, xOffset + 4L * k) * HALF_SCALE);
    }
  }

  @Override
  public void one(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int n,
      MemorySegment x,
      long xOffset,
      MemorySegment y,
      long yOffset) {
    int main = n - n % (2 * COUNT);
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
      float sum = even.add(odd).reduceLanes(VectorOperators.ADD);
      if ((carries.reduceLanes(VectorOperators.OR) & CARRIES) != 0) {
        sum = exact(w, row, main, x, xOffset);
      }
      for (int k = main; k < n; k++) {
        sum +=
            Float.float16ToFloat(w.get(SHORT, row + 2L * k))
                * 0x1p-112f
                * x.get(FLOAT, xOffset + 4L * k);
      }
      y.set(FLOAT, yOffset + 4L * r, sum * HALF_SCALE);
    }
  }

  @Override
  public void few(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int n,
      int vectors,
      MemorySegment x,
      long xOffset,
      long xRowBytes,
      MemorySegment y,
      long yOffset,
      long yRowBytes) {
    int main = n - n % (2 * COUNT);
    // Absent vectors repeat the last one: their sums are thrown away.
    long x1 = xOffset + Math.min(1, vectors - 1) * xRowBytes;
    long x2 = xOffset + Math.min(2, vectors - 1) * xRowBytes;
    long x3 = xOffset + Math.min(3, vectors - 1) * xRowBytes;
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
        even0 = FloatVector.fromMemorySegment(F, x, xOffset + at, LE).fma(low, even0);
        odd0 = FloatVector.fromMemorySegment(F, x, xOffset + at + BYTES, LE).fma(high, odd0);
        even1 = FloatVector.fromMemorySegment(F, x, x1 + at, LE).fma(low, even1);
        odd1 = FloatVector.fromMemorySegment(F, x, x1 + at + BYTES, LE).fma(high, odd1);
        even2 = FloatVector.fromMemorySegment(F, x, x2 + at, LE).fma(low, even2);
        odd2 = FloatVector.fromMemorySegment(F, x, x2 + at + BYTES, LE).fma(high, odd2);
        even3 = FloatVector.fromMemorySegment(F, x, x3 + at, LE).fma(low, even3);
        odd3 = FloatVector.fromMemorySegment(F, x, x3 + at + BYTES, LE).fma(high, odd3);
      }
      float sum0 = even0.add(odd0).reduceLanes(VectorOperators.ADD);
      float sum1 = even1.add(odd1).reduceLanes(VectorOperators.ADD);
      float sum2 = even2.add(odd2).reduceLanes(VectorOperators.ADD);
      float sum3 = even3.add(odd3).reduceLanes(VectorOperators.ADD);
      if ((carries.reduceLanes(VectorOperators.OR) & CARRIES) != 0) {
        sum0 = exact(w, row, main, x, xOffset);
        sum1 = exact(w, row, main, x, x1);
        sum2 = exact(w, row, main, x, x2);
        sum3 = exact(w, row, main, x, x3);
      }
      for (int k = main; k < n; k++) {
        float value = Float.float16ToFloat(w.get(SHORT, row + 2L * k)) * 0x1p-112f;
        sum0 += value * x.get(FLOAT, xOffset + 4L * k);
        sum1 += value * x.get(FLOAT, x1 + 4L * k);
        sum2 += value * x.get(FLOAT, x2 + 4L * k);
        sum3 += value * x.get(FLOAT, x3 + 4L * k);
      }
      long at = yOffset + 4L * r;
      y.set(FLOAT, at, sum0 * HALF_SCALE);
      if (vectors > 1) {
        y.set(FLOAT, at + yRowBytes, sum1 * HALF_SCALE);
      }
      if (vectors > 2) {
        y.set(FLOAT, at + 2 * yRowBytes, sum2 * HALF_SCALE);
      }
      if (vectors > 3) {
        y.set(FLOAT, at + 3 * yRowBytes, sum3 * HALF_SCALE);
      }
    }
  }

  /**
   * The sum over whole vectors with every half taken at its value, in the scale of the fast loops.
   */
  private static float exact(MemorySegment w, long row, int main, MemorySegment x, long xOffset) {
    float sum = 0;
    for (int k = 0; k < main; k++) {
      int inBlock = k % (2 * COUNT);
      int place = k - inBlock + inBlock / 2 + inBlock % 2 * COUNT;
      sum += Float.float16ToFloat(w.get(SHORT, row + 2L * k)) * x.get(FLOAT, xOffset + 4L * place);
    }
    return sum * 0x1p-112f;
  }
}
