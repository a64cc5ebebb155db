package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.BYTES;
import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.scalar.ScalarGradients;
import dev.wick.backend.cpu.scalar.ScalarRowMath;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Unary;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Row arithmetic on vectors; the last elements that do not fill one are left to the scalar form.
 */
public final class VectorRowMath implements RowMath {
  private final ScalarRowMath scalar = new ScalarRowMath();

  /** A row arithmetic; stateless. */
  public VectorRowMath() {}

  @Override
  public void unary(
      Unary.Kind kind, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    int main = VectorUnary.handles(kind) ? n & -COUNT : 0;
    if (main > 0) {
      VectorUnary.apply(kind, x, xOffset, y, yOffset, main);
    }
    scalar.unary(kind, x, xOffset + 4L * main, y, yOffset + 4L * main, n - main);
  }

  @Override
  public void binary(
      Binary.Kind kind,
      MemorySegment a,
      long aOffset,
      boolean aFixed,
      MemorySegment b,
      long bOffset,
      boolean bFixed,
      MemorySegment y,
      long yOffset,
      int n) {
    boolean scalarOnly = (aFixed && bFixed) || kind == Binary.Kind.POW;
    int main = scalarOnly ? 0 : n & -COUNT;
    if (main > 0) {
      if (aFixed) {
        VectorBinary.leftFixed(kind, a, aOffset, b, bOffset, y, yOffset, main);
      } else if (bFixed) {
        VectorBinary.rightFixed(kind, a, aOffset, b, bOffset, y, yOffset, main);
      } else {
        VectorBinary.both(kind, a, aOffset, b, bOffset, y, yOffset, main);
      }
    }
    scalar.binary(
        kind,
        a,
        aFixed ? aOffset : aOffset + 4L * main,
        aFixed,
        b,
        bFixed ? bOffset : bOffset + 4L * main,
        bFixed,
        y,
        yOffset + 4L * main,
        n - main);
  }

  @Override
  public void rmsNorm(
      MemorySegment x,
      long xOffset,
      MemorySegment w,
      long wOffset,
      MemorySegment y,
      long yOffset,
      int n,
      float eps) {
    int main = n & -COUNT;
    float squares = sumSquares(x, xOffset, main);
    for (int i = main; i < n; i++) {
      float value = x.get(Lanes.FLOAT, xOffset + 4L * i);
      squares += value * value;
    }
    float factor = (float) (1 / Math.sqrt(squares / n + eps));
    FloatVector factors = FloatVector.broadcast(F, factor);
    for (int i = 0; i < main; i += COUNT) {
      FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE)
          .mul(factors)
          .mul(FloatVector.fromMemorySegment(F, w, wOffset + 4L * i, LE))
          .intoMemorySegment(y, yOffset + 4L * i, LE);
    }
    for (int i = main; i < n; i++) {
      float value = x.get(Lanes.FLOAT, xOffset + 4L * i) * factor;
      y.set(Lanes.FLOAT, yOffset + 4L * i, value * w.get(Lanes.FLOAT, wOffset + 4L * i));
    }
  }

  private static float sumSquares(MemorySegment x, long xOffset, int n) {
    int pairs = n - n % (2 * COUNT);
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    for (int i = 0; i < pairs; i += 2 * COUNT) {
      FloatVector u = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i + BYTES, LE);
      a = u.fma(u, a);
      b = v.fma(v, b);
    }
    if (pairs < n) {
      FloatVector u = FloatVector.fromMemorySegment(F, x, xOffset + 4L * pairs, LE);
      a = u.fma(u, a);
    }
    FloatVector sum = a.add(b);
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

  @Override
  public void swiGlu(
      MemorySegment gate,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    int main = n & -COUNT;
    VectorExp.run(VectorExp.Use.GATE, gate, gateOffset, 0, up, upOffset, y, yOffset, main);
    long at = 4L * main;
    scalar.swiGlu(gate, gateOffset + at, up, upOffset + at, y, yOffset + at, n - main);
  }

  @Override
  public void rotate(
      MemorySegment x,
      long xOffset,
      MemorySegment cos,
      long cosOffset,
      MemorySegment sin,
      long sinOffset,
      MemorySegment y,
      long yOffset,
      int half) {
    int main = half & -COUNT;
    long far = 4L * half;
    for (int i = 0; i < main; i += COUNT) {
      FloatVector first = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      FloatVector second = FloatVector.fromMemorySegment(F, x, xOffset + far + 4L * i, LE);
      FloatVector c = FloatVector.fromMemorySegment(F, cos, cosOffset + 4L * i, LE);
      FloatVector s = FloatVector.fromMemorySegment(F, sin, sinOffset + 4L * i, LE);
      first.mul(c).sub(second.mul(s)).intoMemorySegment(y, yOffset + 4L * i, LE);
      second.mul(c).add(first.mul(s)).intoMemorySegment(y, yOffset + far + 4L * i, LE);
    }
    scalar.rotate(x, xOffset, cos, cosOffset, sin, sinOffset, y, yOffset, half, main);
  }

  @Override
  public float exp(
      MemorySegment x, long xOffset, float shift, MemorySegment y, long yOffset, int n) {
    int main = n & -COUNT;
    float sum = VectorExp.run(VectorExp.Use.STORE, x, xOffset, shift, x, xOffset, y, yOffset, main);
    return sum + scalar.exp(x, xOffset + 4L * main, shift, y, yOffset + 4L * main, n - main);
  }

  @Override
  public float sumExp(MemorySegment x, long xOffset, float shift, int n) {
    int main = n & -COUNT;
    float sum = VectorExp.run(VectorExp.Use.SUM, x, xOffset, shift, x, xOffset, x, xOffset, main);
    return sum + scalar.sumExp(x, xOffset + 4L * main, shift, n - main);
  }

  @Override
  public void scale(
      MemorySegment x, long xOffset, float factor, MemorySegment y, long yOffset, int n) {
    int main = n & -COUNT;
    FloatVector factors = FloatVector.broadcast(F, factor);
    for (int i = 0; i < main; i += COUNT) {
      FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE)
          .mul(factors)
          .intoMemorySegment(y, yOffset + 4L * i, LE);
    }
    scalar.scale(x, xOffset + 4L * main, factor, y, yOffset + 4L * main, n - main);
  }

  @Override
  public void shift(
      MemorySegment x, long xOffset, float term, MemorySegment y, long yOffset, int n) {
    int main = n & -COUNT;
    FloatVector terms = FloatVector.broadcast(F, term);
    for (int i = 0; i < main; i += COUNT) {
      FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE)
          .add(terms)
          .intoMemorySegment(y, yOffset + 4L * i, LE);
    }
    scalar.shift(x, xOffset + 4L * main, term, y, yOffset + 4L * main, n - main);
  }

  @Override
  public float sum(MemorySegment x, long xOffset, int n) {
    int main = n & -COUNT;
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < main; i += COUNT) {
      sum = sum.add(FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE));
    }
    sum = sum.add(sum.rearrange(LaneSums.BY_HALF));
    sum = sum.add(sum.rearrange(LaneSums.BY_QUARTER));
    if (COUNT >= 8) {
      sum = sum.add(sum.rearrange(LaneSums.BY_EIGHTH));
    }
    if (COUNT >= 16) {
      sum = sum.add(sum.rearrange(LaneSums.BY_SIXTEENTH));
    }
    return sum.lane(0) + scalar.sum(x, xOffset + 4L * main, n - main);
  }

  @Override
  public float max(MemorySegment x, long xOffset, int n) {
    int main = n & -COUNT;
    FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < main; i += COUNT) {
      max = max.max(FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE));
    }
    float rest = scalar.max(x, xOffset + 4L * main, n - main);
    return Math.max(max.reduceLanes(VectorOperators.MAX), rest);
  }

  @Override
  public float min(MemorySegment x, long xOffset, int n) {
    int main = n & -COUNT;
    FloatVector min = FloatVector.broadcast(F, Float.POSITIVE_INFINITY);
    for (int i = 0; i < main; i += COUNT) {
      min = min.min(FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE));
    }
    float rest = scalar.min(x, xOffset + 4L * main, n - main);
    return Math.min(min.reduceLanes(VectorOperators.MIN), rest);
  }

  @Override
  public int nextAbove(MemorySegment x, long xOffset, int from, int n, float bound) {
    int i = from;
    for (; i <= n - COUNT; i += COUNT) {
      VectorMask<Float> below =
          FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE)
              .compare(VectorOperators.LE, bound);
      if (!below.allTrue()) {
        return i + below.not().firstTrue();
      }
    }
    return scalar.nextAbove(x, xOffset, i, n, bound);
  }

  @Override
  public void scores(
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
    VectorAttention.scores(q, qOffset, k, kOffset, kRowBytes, count, n, scale, s, sOffset);
  }

  @Override
  public void accumulate(
      MemorySegment p,
      long pOffset,
      MemorySegment v,
      long vOffset,
      long vRowBytes,
      int count,
      int n,
      MemorySegment y,
      long yOffset) {
    int column = 0;
    for (; column <= n - 4 * COUNT; column += 4 * COUNT) {
      VectorAttention.accumulateFour(
          p, pOffset, v, vOffset + 4L * column, vRowBytes, count, y, yOffset + 4L * column);
    }
    for (; column <= n - COUNT; column += COUNT) {
      VectorAttention.accumulateOne(
          p, pOffset, v, vOffset + 4L * column, vRowBytes, count, y, yOffset + 4L * column);
    }
    long at = 4L * column;
    scalar.accumulate(p, pOffset, v, vOffset + at, vRowBytes, count, n - column, y, yOffset + at);
  }

  @Override
  public float dot(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
    int main = n & -COUNT;
    float sum = VectorGradients.dot(a, aOffset, b, bOffset, main);
    long at = 4L * main;
    return sum + (float) ScalarGradients.dot(a, aOffset + at, b, bOffset + at, n - main);
  }

  @Override
  public void softmaxGradient(
      MemorySegment p,
      long pOffset,
      MemorySegment g,
      long gOffset,
      float shift,
      MemorySegment y,
      long yOffset,
      int n) {
    int main = n & -COUNT;
    VectorGradients.softmax(p, pOffset, g, gOffset, shift, y, yOffset, main);
    long at = 4L * main;
    ScalarGradients.softmax(p, pOffset + at, g, gOffset + at, shift, y, yOffset + at, n - main);
  }

  @Override
  public float rmsNormGradient(
      MemorySegment x,
      long xOffset,
      MemorySegment w,
      long wOffset,
      MemorySegment g,
      long gOffset,
      MemorySegment y,
      long yOffset,
      int n,
      float eps) {
    int main = n & -COUNT;
    int rest = n - main;
    long x1 = xOffset + 4L * main;
    long w1 = wOffset + 4L * main;
    long g1 = gOffset + 4L * main;
    double squares = sumSquares(x, xOffset, main) + ScalarGradients.dot(x, x1, x, x1, rest);
    double products =
        VectorGradients.dot(x, xOffset, w, wOffset, g, gOffset, main)
            + ScalarGradients.dot(x, x1, w, w1, g, g1, rest);
    double exact = 1 / Math.sqrt(squares / n + eps);
    float pull = (float) (products * exact * exact * exact / n);
    float factor = (float) exact;
    VectorGradients.rmsNorm(x, xOffset, w, wOffset, g, gOffset, factor, pull, y, yOffset, main);
    ScalarGradients.rmsNorm(x, x1, w, w1, g, g1, factor, pull, y, yOffset + 4L * main, rest);
    return factor;
  }

  @Override
  public void addProducts(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      float factor,
      MemorySegment y,
      long yOffset,
      int n) {
    int main = n & -COUNT;
    long at = 4L * main;
    VectorGradients.addProducts(a, aOffset, b, bOffset, factor, y, yOffset, main);
    ScalarGradients.addProducts(
        a, aOffset + at, b, bOffset + at, factor, y, yOffset + at, n - main);
  }

  @Override
  public void swiGluGradient(
      MemorySegment gate,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment g,
      long gOffset,
      MemorySegment gateGradient,
      long gateGradientOffset,
      MemorySegment upGradient,
      long upGradientOffset,
      int n) {
    int main = n & -COUNT;
    VectorExp.run(
        VectorExp.Use.SIGMOID,
        gate,
        gateOffset,
        0,
        gate,
        gateOffset,
        upGradient,
        upGradientOffset,
        main);
    VectorGradients.swiGlu(
        gate,
        gateOffset,
        up,
        upOffset,
        g,
        gOffset,
        gateGradient,
        gateGradientOffset,
        upGradient,
        upGradientOffset,
        main);
    long at = 4L * main;
    ScalarGradients.swiGlu(
        gate,
        gateOffset + at,
        up,
        upOffset + at,
        g,
        gOffset + at,
        gateGradient,
        gateGradientOffset + at,
        upGradient,
        upGradientOffset + at,
        n - main);
  }
}
