package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Scores of one query against many keys, and the weighted sum of many values. Lanes run along the
 * head. Heads of four and of eight vectors are straight code: an inner loop so short costs more
 * than its body.
 */
final class VectorAttention {
  private VectorAttention() {}

  static void scores(
      MemorySegment q,
      long qOffset,
      MemorySegment k,
      long kOffset,
      long kRowBytes,
      int count,
      int n,
      float scale,
      MemorySegment s,
      long sOffset) {
    if (n == 4 * COUNT) {
      scoresFour(q, qOffset, k, kOffset, kRowBytes, count, scale, s, sOffset);
    } else if (n == 8 * COUNT) {
      scoresEight(q, qOffset, k, kOffset, kRowBytes, count, scale, s, sOffset);
    } else {
      scoresAny(q, qOffset, k, kOffset, kRowBytes, count, n, scale, s, sOffset);
    }
  }

  private static void scoresFour(
      MemorySegment q,
      long qOffset,
      MemorySegment k,
      long kOffset,
      long kRowBytes,
      int count,
      float scale,
      MemorySegment s,
      long sOffset) {
    FloatVector q0 = FloatVector.fromMemorySegment(F, q, qOffset, LE);
    FloatVector q1 = FloatVector.fromMemorySegment(F, q, qOffset + BYTES, LE);
    FloatVector q2 = FloatVector.fromMemorySegment(F, q, qOffset + 2 * BYTES, LE);
    FloatVector q3 = FloatVector.fromMemorySegment(F, q, qOffset + 3 * BYTES, LE);
    for (int i = 0; i < count; i++) {
      long row = kOffset + i * kRowBytes;
      FloatVector a = q0.mul(FloatVector.fromMemorySegment(F, k, row, LE));
      FloatVector b = q1.mul(FloatVector.fromMemorySegment(F, k, row + BYTES, LE));
      a = q2.fma(FloatVector.fromMemorySegment(F, k, row + 2 * BYTES, LE), a);
      b = q3.fma(FloatVector.fromMemorySegment(F, k, row + 3 * BYTES, LE), b);
      a = a.add(b);
      a = a.add(a.rearrange(LaneSums.BY_HALF));
      a = a.add(a.rearrange(LaneSums.BY_QUARTER));
      if (COUNT >= 8) {
        a = a.add(a.rearrange(LaneSums.BY_EIGHTH));
      }
      if (COUNT >= 16) {
        a = a.add(a.rearrange(LaneSums.BY_SIXTEENTH));
      }
      s.set(FLOAT, sOffset + 4L * i, a.lane(0) * scale);
    }
  }

  private static void scoresEight(
      MemorySegment q,
      long qOffset,
      MemorySegment k,
      long kOffset,
      long kRowBytes,
      int count,
      float scale,
      MemorySegment s,
      long sOffset) {
    FloatVector q0 = FloatVector.fromMemorySegment(F, q, qOffset, LE);
    FloatVector q1 = FloatVector.fromMemorySegment(F, q, qOffset + BYTES, LE);
    FloatVector q2 = FloatVector.fromMemorySegment(F, q, qOffset + 2 * BYTES, LE);
    FloatVector q3 = FloatVector.fromMemorySegment(F, q, qOffset + 3 * BYTES, LE);
    FloatVector q4 = FloatVector.fromMemorySegment(F, q, qOffset + 4 * BYTES, LE);
    FloatVector q5 = FloatVector.fromMemorySegment(F, q, qOffset + 5 * BYTES, LE);
    FloatVector q6 = FloatVector.fromMemorySegment(F, q, qOffset + 6 * BYTES, LE);
    FloatVector q7 = FloatVector.fromMemorySegment(F, q, qOffset + 7 * BYTES, LE);
    for (int i = 0; i < count; i++) {
      long row = kOffset + i * kRowBytes;
      FloatVector a = q0.mul(FloatVector.fromMemorySegment(F, k, row, LE));
      FloatVector b = q1.mul(FloatVector.fromMemorySegment(F, k, row + BYTES, LE));
      a = q2.fma(FloatVector.fromMemorySegment(F, k, row + 2 * BYTES, LE), a);
      b = q3.fma(FloatVector.fromMemorySegment(F, k, row + 3 * BYTES, LE), b);
      a = q4.fma(FloatVector.fromMemorySegment(F, k, row + 4 * BYTES, LE), a);
      b = q5.fma(FloatVector.fromMemorySegment(F, k, row + 5 * BYTES, LE), b);
      a = q6.fma(FloatVector.fromMemorySegment(F, k, row + 6 * BYTES, LE), a);
      b = q7.fma(FloatVector.fromMemorySegment(F, k, row + 7 * BYTES, LE), b);
      a = a.add(b);
      a = a.add(a.rearrange(LaneSums.BY_HALF));
      a = a.add(a.rearrange(LaneSums.BY_QUARTER));
      if (COUNT >= 8) {
        a = a.add(a.rearrange(LaneSums.BY_EIGHTH));
      }
      if (COUNT >= 16) {
        a = a.add(a.rearrange(LaneSums.BY_SIXTEENTH));
      }
      s.set(FLOAT, sOffset + 4L * i, a.lane(0) * scale);
    }
  }

  private static void scoresAny(
      MemorySegment q,
      long qOffset,
      MemorySegment k,
      long kOffset,
      long kRowBytes,
      int count,
      int n,
      float scale,
      MemorySegment s,
      long sOffset) {
    int main = n & -COUNT;
    for (int i = 0; i < count; i++) {
      long row = kOffset + i * kRowBytes;
      FloatVector a = FloatVector.zero(F);
      for (int d = 0; d < main; d += COUNT) {
        a =
            FloatVector.fromMemorySegment(F, q, qOffset + 4L * d, LE)
                .fma(FloatVector.fromMemorySegment(F, k, row + 4L * d, LE), a);
      }
      a = a.add(a.rearrange(LaneSums.BY_HALF));
      a = a.add(a.rearrange(LaneSums.BY_QUARTER));
      if (COUNT >= 8) {
        a = a.add(a.rearrange(LaneSums.BY_EIGHTH));
      }
      if (COUNT >= 16) {
        a = a.add(a.rearrange(LaneSums.BY_SIXTEENTH));
      }
      float sum = a.lane(0);
      for (int d = main; d < n; d++) {
        sum += q.get(FLOAT, qOffset + 4L * d) * k.get(FLOAT, row + 4L * d);
      }
      s.set(FLOAT, sOffset + 4L * i, sum * scale);
    }
  }

  static void accumulateFour(
      MemorySegment p,
      long pOffset,
      MemorySegment v,
      long vOffset,
      long vRowBytes,
      int count,
      MemorySegment y,
      long yOffset) {
    FloatVector y0 = FloatVector.fromMemorySegment(F, y, yOffset, LE);
    FloatVector y1 = FloatVector.fromMemorySegment(F, y, yOffset + BYTES, LE);
    FloatVector y2 = FloatVector.fromMemorySegment(F, y, yOffset + 2 * BYTES, LE);
    FloatVector y3 = FloatVector.fromMemorySegment(F, y, yOffset + 3 * BYTES, LE);
    for (int i = 0; i < count; i++) {
      FloatVector weight = FloatVector.broadcast(F, p.get(FLOAT, pOffset + 4L * i));
      long row = vOffset + i * vRowBytes;
      y0 = weight.fma(FloatVector.fromMemorySegment(F, v, row, LE), y0);
      y1 = weight.fma(FloatVector.fromMemorySegment(F, v, row + BYTES, LE), y1);
      y2 = weight.fma(FloatVector.fromMemorySegment(F, v, row + 2 * BYTES, LE), y2);
      y3 = weight.fma(FloatVector.fromMemorySegment(F, v, row + 3 * BYTES, LE), y3);
    }
    y0.intoMemorySegment(y, yOffset, LE);
    y1.intoMemorySegment(y, yOffset + BYTES, LE);
    y2.intoMemorySegment(y, yOffset + 2 * BYTES, LE);
    y3.intoMemorySegment(y, yOffset + 3 * BYTES, LE);
  }

  static void accumulateOne(
      MemorySegment p,
      long pOffset,
      MemorySegment v,
      long vOffset,
      long vRowBytes,
      int count,
      MemorySegment y,
      long yOffset) {
    FloatVector sum = FloatVector.fromMemorySegment(F, y, yOffset, LE);
    for (int i = 0; i < count; i++) {
      FloatVector weight = FloatVector.broadcast(F, p.get(FLOAT, pOffset + 4L * i));
      sum = weight.fma(FloatVector.fromMemorySegment(F, v, vOffset + i * vRowBytes, LE), sum);
    }
    sum.intoMemorySegment(y, yOffset, LE);
  }
}
