package dev.wick.backend.cpu.scalar;

import static dev.wick.backend.cpu.loop.Layouts.FLOAT;

import java.lang.foreign.MemorySegment;

/** Sums of products and gradients of rows in plain Java. */
public final class ScalarGradients {
  private ScalarGradients() {}

  /** {@code sum of a[i] * b[i]}. */
  public static double dot(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) a.get(FLOAT, aOffset + 4L * i) * b.get(FLOAT, bOffset + 4L * i);
    }
    return sum;
  }

  /** {@code sum of a[i] * b[i] * c[i]}. */
  public static double dot(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment c,
      long cOffset,
      int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double ab = (double) a.get(FLOAT, aOffset + 4L * i) * b.get(FLOAT, bOffset + 4L * i);
      sum += ab * c.get(FLOAT, cOffset + 4L * i);
    }
    return sum;
  }

  /** {@code y[i] = p[i] * (g[i] - shift)}. */
  public static void softmax(
      MemorySegment p,
      long pOffset,
      MemorySegment g,
      long gOffset,
      float shift,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i++) {
      float value = g.get(FLOAT, gOffset + 4L * i) - shift;
      y.set(FLOAT, yOffset + 4L * i, p.get(FLOAT, pOffset + 4L * i) * value);
    }
  }

  /** {@code y[i] = factor * g[i] * w[i] - pull * x[i]}. */
  public static void rmsNorm(
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
    for (int i = 0; i < n; i++) {
      long at = 4L * i;
      float scaled = factor * g.get(FLOAT, gOffset + at) * w.get(FLOAT, wOffset + at);
      y.set(FLOAT, yOffset + at, scaled - pull * x.get(FLOAT, xOffset + at));
    }
  }

  /** {@code y[i] += factor * a[i] * b[i]}. */
  public static void addProducts(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      float factor,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i++) {
      long at = 4L * i;
      float product = factor * a.get(FLOAT, aOffset + at) * b.get(FLOAT, bOffset + at);
      y.set(FLOAT, yOffset + at, y.get(FLOAT, yOffset + at) + product);
    }
  }

  /** Gradients of {@code silu(gate[i]) * up[i]}. */
  public static void swiGlu(
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
    for (int i = 0; i < n; i++) {
      long at = 4L * i;
      float x = gate.get(FLOAT, gateOffset + at);
      float outer = g.get(FLOAT, gOffset + at);
      float sigmoid = (float) (1 / (1 + Math.exp(-x)));
      float slope = sigmoid * (1 + x * (1 - sigmoid));
      upGradient.set(FLOAT, upGradientOffset + at, outer * x * sigmoid);
      float inner = outer * up.get(FLOAT, upOffset + at);
      gateGradient.set(FLOAT, gateGradientOffset + at, inner * slope);
    }
  }
}
