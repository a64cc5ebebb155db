package dev.wick.backend.cpu.scalar;

import static dev.wick.backend.cpu.loop.Layouts.FLOAT;

import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Unary;
import java.lang.foreign.MemorySegment;

/**
 * Row arithmetic in plain Java; also what the vector form uses for the elements that do not fill a
 * vector.
 */
public final class ScalarRowMath implements RowMath {
  /** A row arithmetic; stateless. */
  public ScalarRowMath() {}

  @Override
  public void unary(
      Unary.Kind kind, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yOffset + 4L * i, apply(kind, x.get(FLOAT, xOffset + 4L * i)));
    }
  }

  private static float apply(Unary.Kind kind, float x) {
    return switch (kind) {
      case NEG -> -x;
      case ABS -> Math.abs(x);
      case SQUARE -> x * x;
      case SQRT -> (float) Math.sqrt(x);
      case RSQRT -> (float) (1 / Math.sqrt(x));
      case RECIPROCAL -> 1 / x;
      case EXP -> (float) Math.exp(x);
      case LOG -> (float) Math.log(x);
      case SIN -> (float) Math.sin(x);
      case COS -> (float) Math.cos(x);
      case TANH -> (float) Math.tanh(x);
      case SIGMOID -> (float) (1 / (1 + Math.exp(-x)));
      case SILU -> (float) (x / (1 + Math.exp(-x)));
    };
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
    long aStep = aFixed ? 0 : 4;
    long bStep = bFixed ? 0 : 4;
    for (int i = 0; i < n; i++) {
      float left = a.get(FLOAT, aOffset + aStep * i);
      float right = b.get(FLOAT, bOffset + bStep * i);
      y.set(FLOAT, yOffset + 4L * i, apply(kind, left, right));
    }
  }

  private static float apply(Binary.Kind kind, float a, float b) {
    return switch (kind) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      case POW -> (float) Math.pow(a, b);
    };
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
    double squares = 0;
    for (int i = 0; i < n; i++) {
      float value = x.get(FLOAT, xOffset + 4L * i);
      squares += (double) value * value;
    }
    float factor = (float) (1 / Math.sqrt(squares / n + eps));
    for (int i = 0; i < n; i++) {
      float value = x.get(FLOAT, xOffset + 4L * i) * factor;
      y.set(FLOAT, yOffset + 4L * i, value * w.get(FLOAT, wOffset + 4L * i));
    }
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
    for (int i = 0; i < n; i++) {
      float value = apply(Unary.Kind.SILU, gate.get(FLOAT, gateOffset + 4L * i));
      y.set(FLOAT, yOffset + 4L * i, value * up.get(FLOAT, upOffset + 4L * i));
    }
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
    rotate(x, xOffset, cos, cosOffset, sin, sinOffset, y, yOffset, half, 0);
  }

  /** Rotates the pairs from {@code from} on. */
  public void rotate(
      MemorySegment x,
      long xOffset,
      MemorySegment cos,
      long cosOffset,
      MemorySegment sin,
      long sinOffset,
      MemorySegment y,
      long yOffset,
      int half,
      int from) {
    for (int i = from; i < half; i++) {
      float first = x.get(FLOAT, xOffset + 4L * i);
      float second = x.get(FLOAT, xOffset + 4L * (i + half));
      float c = cos.get(FLOAT, cosOffset + 4L * i);
      float s = sin.get(FLOAT, sinOffset + 4L * i);
      y.set(FLOAT, yOffset + 4L * i, first * c - second * s);
      y.set(FLOAT, yOffset + 4L * (i + half), second * c + first * s);
    }
  }

  @Override
  public float exp(
      MemorySegment x, long xOffset, float shift, MemorySegment y, long yOffset, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      float value = (float) Math.exp(x.get(FLOAT, xOffset + 4L * i) - shift);
      y.set(FLOAT, yOffset + 4L * i, value);
      sum += value;
    }
    return (float) sum;
  }

  @Override
  public float sumExp(MemorySegment x, long xOffset, float shift, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(x.get(FLOAT, xOffset + 4L * i) - shift);
    }
    return (float) sum;
  }

  @Override
  public void scale(
      MemorySegment x, long xOffset, float factor, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yOffset + 4L * i, x.get(FLOAT, xOffset + 4L * i) * factor);
    }
  }

  @Override
  public void shift(
      MemorySegment x, long xOffset, float term, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i++) {
      y.set(FLOAT, yOffset + 4L * i, x.get(FLOAT, xOffset + 4L * i) + term);
    }
  }

  @Override
  public float sum(MemorySegment x, long xOffset, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x.get(FLOAT, xOffset + 4L * i);
    }
    return (float) sum;
  }

  @Override
  public float max(MemorySegment x, long xOffset, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x.get(FLOAT, xOffset + 4L * i));
    }
    return max;
  }

  @Override
  public float min(MemorySegment x, long xOffset, int n) {
    float min = Float.POSITIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      min = Math.min(min, x.get(FLOAT, xOffset + 4L * i));
    }
    return min;
  }

  @Override
  public int nextAbove(MemorySegment x, long xOffset, int from, int n, float bound) {
    for (int i = from; i < n; i++) {
      if (!(x.get(FLOAT, xOffset + 4L * i) <= bound)) {
        return i;
      }
    }
    return n;
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
    for (int i = 0; i < count; i++) {
      long row = kOffset + i * kRowBytes;
      float sum = 0;
      for (int d = 0; d < n; d++) {
        sum += q.get(FLOAT, qOffset + 4L * d) * k.get(FLOAT, row + 4L * d);
      }
      s.set(FLOAT, sOffset + 4L * i, sum * scale);
    }
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
    for (int i = 0; i < count; i++) {
      float weight = p.get(FLOAT, pOffset + 4L * i);
      long row = vOffset + i * vRowBytes;
      for (int d = 0; d < n; d++) {
        long at = yOffset + 4L * d;
        y.set(FLOAT, at, y.get(FLOAT, at) + weight * v.get(FLOAT, row + 4L * d));
      }
    }
  }

  @Override
  public float dot(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
    return (float) ScalarGradients.dot(a, aOffset, b, bOffset, n);
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
    ScalarGradients.softmax(p, pOffset, g, gOffset, shift, y, yOffset, n);
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
    double squares = ScalarGradients.dot(x, xOffset, x, xOffset, n);
    double products = ScalarGradients.dot(x, xOffset, w, wOffset, g, gOffset, n);
    double factor = 1 / Math.sqrt(squares / n + eps);
    float pull = (float) (products * factor * factor * factor / n);
    ScalarGradients.rmsNorm(
        x, xOffset, w, wOffset, g, gOffset, (float) factor, pull, y, yOffset, n);
    return (float) factor;
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
    ScalarGradients.addProducts(a, aOffset, b, bOffset, factor, y, yOffset, n);
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
    ScalarGradients.swiGlu(
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
        n);
  }
}
