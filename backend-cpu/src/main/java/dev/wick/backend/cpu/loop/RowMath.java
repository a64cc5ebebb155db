package dev.wick.backend.cpu.loop;

import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Unary;
import java.lang.foreign.MemorySegment;

/**
 * Arithmetic on rows of consecutive F32 elements. Offsets are bytes, counts are elements; a result
 * may be the same place as an operand, but not overlap it otherwise.
 */
public interface RowMath {
  /** Whether the loops of a forward pass are slow until the JIT compiler has compiled them. */
  default boolean needsWarmUp() {
    return true;
  }

  /** {@code y[i] = f(x[i])}. */
  void unary(Unary.Kind kind, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n);

  /**
   * {@code y[i] = f(a[i], b[i])}.
   *
   * @param aFixed whether {@code a} is one element for all
   * @param bFixed whether {@code b} is one element for all
   */
  void binary(
      Binary.Kind kind,
      MemorySegment a,
      long aOffset,
      boolean aFixed,
      MemorySegment b,
      long bOffset,
      boolean bFixed,
      MemorySegment y,
      long yOffset,
      int n);

  /** {@code y = x / sqrt(mean(x²) + eps) * w}. */
  void rmsNorm(
      MemorySegment x,
      long xOffset,
      MemorySegment w,
      long wOffset,
      MemorySegment y,
      long yOffset,
      int n,
      float eps);

  /** {@code y[i] = gate[i] / (1 + exp(-gate[i])) * up[i]}. */
  void swiGlu(
      MemorySegment gate,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment y,
      long yOffset,
      int n);

  /**
   * Rotates the pairs {@code (x[i], x[i + half])} by the angles whose cosines and sines are given.
   */
  void rotate(
      MemorySegment x,
      long xOffset,
      MemorySegment cos,
      long cosOffset,
      MemorySegment sin,
      long sinOffset,
      MemorySegment y,
      long yOffset,
      int half);

  /** Writes {@code y[i] = exp(x[i] - shift)} and returns the sum. */
  float exp(MemorySegment x, long xOffset, float shift, MemorySegment y, long yOffset, int n);

  /** {@code sum of exp(x[i] - shift)}. */
  float sumExp(MemorySegment x, long xOffset, float shift, int n);

  /** {@code y[i] = x[i] * factor}. */
  void scale(MemorySegment x, long xOffset, float factor, MemorySegment y, long yOffset, int n);

  /** {@code y[i] = x[i] + term}. */
  void shift(MemorySegment x, long xOffset, float term, MemorySegment y, long yOffset, int n);

  /** Sum of the elements. */
  float sum(MemorySegment x, long xOffset, int n);

  /** Largest element, NaN if there is one, negative infinity for none. */
  float max(MemorySegment x, long xOffset, int n);

  /** Smallest element, NaN if there is one, positive infinity for none. */
  float min(MemorySegment x, long xOffset, int n);

  /**
   * Index of the first element that is not {@code <= bound}, at or after {@code from}; {@code n} if
   * there is none. A NaN is such an element.
   */
  int nextAbove(MemorySegment x, long xOffset, int from, int n, float bound);

  /** {@code s[i] = scale * (q · k[i])} for {@code count} rows of {@code n} elements. */
  void scores(
      MemorySegment q,
      long qOffset,
      MemorySegment k,
      long kOffset,
      long kRowBytes,
      int count,
      int n,
      float scale,
      MemorySegment s,
      long sOffset);

  /** {@code y += sum over i of p[i] * v[i]} for {@code count} rows of {@code n} elements. */
  void accumulate(
      MemorySegment p,
      long pOffset,
      MemorySegment v,
      long vOffset,
      long vRowBytes,
      int count,
      int n,
      MemorySegment y,
      long yOffset);

  /** {@code sum of a[i] * b[i]}. */
  float dot(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n);

  /** {@code y[i] = p[i] * (g[i] - shift)}, the gradient of a softmax p. */
  void softmaxGradient(
      MemorySegment p,
      long pOffset,
      MemorySegment g,
      long gOffset,
      float shift,
      MemorySegment y,
      long yOffset,
      int n);

  /**
   * Gradient of {@link #rmsNorm} by x, from that of its result g; returns the factor {@code 1 /
   * sqrt(mean(x²) + eps)}. The gradient by w is the sum over rows of {@code factor * g * x}.
   */
  float rmsNormGradient(
      MemorySegment x,
      long xOffset,
      MemorySegment w,
      long wOffset,
      MemorySegment g,
      long gOffset,
      MemorySegment y,
      long yOffset,
      int n,
      float eps);

  /** {@code y[i] += factor * a[i] * b[i]}. */
  void addProducts(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      float factor,
      MemorySegment y,
      long yOffset,
      int n);

  /** Gradients of {@link #swiGlu}, from that of its result g. */
  void swiGluGradient(
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
      int n);
}
