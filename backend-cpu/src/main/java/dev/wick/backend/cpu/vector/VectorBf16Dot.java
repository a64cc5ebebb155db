package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.I;
import static dev.wick.backend.cpu.vector.Lanes.LE;
import static dev.wick.backend.cpu.vector.Lanes.SHORT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Rows of BF16, decoded without crossing lanes: a 32-bit word holds an even and an odd element, and
 * a prepared vector carries its even elements and its odd elements in separate registers.
 */
final class VectorBf16Dot extends VectorDot {
  private static final int HIGH = 0xffff0000;

  VectorBf16Dot() {
    super(2, 1);
  }

  @Override
  public void prepare(
      MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset) {
    EvenOdd.split(x, xOffset, n, 1, prepared, preparedOffset);
  }

  @Override
  float element(MemorySegment w, long offset) {
    return Float.intBitsToFloat(w.get(SHORT, offset) << 16);
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
      for (int k = 0; k < main; k += 2 * COUNT) {
        FloatVector xEven = FloatVector.fromMemorySegment(F, x, xOffset + 4L * k, LE);
        FloatVector xOdd = FloatVector.fromMemorySegment(F, x, xOffset + 4L * k + BYTES, LE);
        IntVector pair = IntVector.fromMemorySegment(I, w, row + 2L * k, LE);
        even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(xEven, even);
        odd = pair.lanewise(VectorOperators.AND, HIGH).reinterpretAsFloats().fma(xOdd, odd);
      }
      even.add(odd).intoMemorySegment(sums, sumsOffset + r * BYTES, LE);
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
      for (int k = 0; k < main; k += 2 * COUNT) {
        long at = 4L * k;
        IntVector pair = IntVector.fromMemorySegment(I, w, row + 2L * k, LE);
        FloatVector low = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        FloatVector high = pair.lanewise(VectorOperators.AND, HIGH).reinterpretAsFloats();
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
    }
  }
}
