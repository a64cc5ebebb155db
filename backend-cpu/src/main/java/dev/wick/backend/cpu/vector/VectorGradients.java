package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Sums of products and gradients of rows, for whole vectors: n is a multiple of the lane count. */
final class VectorGradients {
  private VectorGradients() {}

  static float dot(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
    FloatVector sum = FloatVector.zero(F);
    FloatVector second = FloatVector.zero(F);
    int pairs = n - n % (2 * COUNT);
    for (int i = 0; i < pairs; i += 2 * COUNT) {
      long at = 4L * i;
      sum =
          FloatVector.fromMemorySegment(F, a, aOffset + at, LE)
              .fma(FloatVector.fromMemorySegment(F, b, bOffset + at, LE), sum);
      second =
          FloatVector.fromMemorySegment(F, a, aOffset + at + BYTES, LE)
              .fma(FloatVector.fromMemorySegment(F, b, bOffset + at + BYTES, LE), second);
    }
    if (pairs < n) {
      long at = 4L * pairs;
      sum =
          FloatVector.fromMemorySegment(F, a, aOffset + at, LE)
              .fma(FloatVector.fromMemorySegment(F, b, bOffset + at, LE), sum);
    }
    sum = sum.add(second);
    sum = sum.add(sum.rearrange(LaneSums.BY_HALF));
    sum = sum.add(sum.rearrange(LaneSums.BY_QUARTER));
    if (COUNT >= 8) {
      sum = sum.add(sum.rearrange(LaneSums.BY_EIGHTH));
    }
    if (COUNT >= 16) {
      sum = sum.add(sum.rearrange(LaneSums.BY_SIXTEENTH));
    }
    return sum.lane(0);
  }

  static float dot(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment c,
      long cOffset,
      int n) {
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < n; i += COUNT) {
      long at = 4L * i;
      sum =
          FloatVector.fromMemorySegment(F, a, aOffset + at, LE)
              .mul(FloatVector.fromMemorySegment(F, b, bOffset + at, LE))
              .fma(FloatVector.fromMemorySegment(F, c, cOffset + at, LE), sum);
    }
    sum = sum.add(sum.rearrange(LaneSums.BY_HALF));
    sum = sum.add(sum.rearrange(LaneSums.BY_QUARTER));
    if (COUNT >= 8) {
      sum = sum.add(sum.rearrange(LaneSums.BY_EIGHTH));
    }
    if (COUNT >= 16) {
      sum = sum.add(sum.rearrange(LaneSums.BY_SIXTEENTH));
    }
    return sum.lane(0);
  }

  static void softmax(
      MemorySegment p,
      long pOffset,
      MemorySegment g,
      long gOffset,
      float shift,
      MemorySegment y,
      long yOffset,
      int n) {
    FloatVector shifts = FloatVector.broadcast(F, shift);
    for (int i = 0; i < n; i += COUNT) {
      long at = 4L * i;
      FloatVector.fromMemorySegment(F, g, gOffset + at, LE)
          .sub(shifts)
          .mul(FloatVector.fromMemorySegment(F, p, pOffset + at, LE))
          .intoMemorySegment(y, yOffset + at, LE);
    }
  }

  static void rmsNorm(
      MemorySegment x,
      long xOffset,
      MemorySegment w,
      long wOffset,
      MemorySegment g,
      long gOffset,
      float factor,
      float pull,
      MemorySegment y,
      long yOffset,
      int n) {
    FloatVector factors = FloatVector.broadcast(F, factor);
    FloatVector pulls = FloatVector.broadcast(F, pull);
    for (int i = 0; i < n; i += COUNT) {
      long at = 4L * i;
      FloatVector.fromMemorySegment(F, g, gOffset + at, LE)
          .mul(factors)
          .mul(FloatVector.fromMemorySegment(F, w, wOffset + at, LE))
          .sub(FloatVector.fromMemorySegment(F, x, xOffset + at, LE).mul(pulls))
          .intoMemorySegment(y, yOffset + at, LE);
    }
  }

  static void addProducts(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      float factor,
      MemorySegment y,
      long yOffset,
      int n) {
    FloatVector factors = FloatVector.broadcast(F, factor);
    for (int i = 0; i < n; i += COUNT) {
      long at = 4L * i;
      FloatVector.fromMemorySegment(F, a, aOffset + at, LE)
          .mul(factors)
          .mul(FloatVector.fromMemorySegment(F, b, bOffset + at, LE))
          .add(FloatVector.fromMemorySegment(F, y, yOffset + at, LE))
          .intoMemorySegment(y, yOffset + at, LE);
    }
  }

  /** The gradient of the gate; {@code sigmoids} holds the sigmoid of it, and becomes that of up. */
  static void swiGlu(
      MemorySegment gate,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment g,
      long gOffset,
      MemorySegment gateGradient,
      long gateGradientOffset,
      MemorySegment sigmoids,
      long sigmoidsOffset,
      int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += COUNT) {
      long at = 4L * i;
      FloatVector x = FloatVector.fromMemorySegment(F, gate, gateOffset + at, LE);
      FloatVector outer = FloatVector.fromMemorySegment(F, g, gOffset + at, LE);
      FloatVector u = FloatVector.fromMemorySegment(F, up, upOffset + at, LE);
      FloatVector s = FloatVector.fromMemorySegment(F, sigmoids, sigmoidsOffset + at, LE);
      FloatVector slope = one.sub(s).mul(x).add(one).mul(s);
      outer.mul(x).mul(s).intoMemorySegment(sigmoids, sigmoidsOffset + at, LE);
      outer.mul(u).mul(slope).intoMemorySegment(gateGradient, gateGradientOffset + at, LE);
    }
  }
}
