package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.scalar.ScalarRowMath;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Unary;
import java.lang.foreign.MemorySegment;

/**
 * Row arithmetic of a forward pass in machine code, with the bits of the Vector API's form; the
 * last elements that do not fill a vector are left to the scalar form, and everything else to
 * another.
 */
final class EmittedRowMath implements RowMath {
  private static final int LANES = 16;

  /** Elements from which rows are read ahead. */
  private static final int LONG_ROW = 32 * LANES;

  private static final MemorySegment NONE = MemorySegment.NULL;

  private final RowMath others;
  private final ScalarRowMath scalar = new ScalarRowMath();
  private final NativeKernel add;
  private final NativeKernel multiply;
  private final NativeKernel scale;
  private final NativeKernel scaledProduct;
  private final NativeKernel sumOfSquares;
  private final NativeKernel rotate;
  private final NativeKernel max;
  private final NativeKernel nextAbove;
  private final NativeKernel fourScores;
  private final NativeKernel eightScores;
  private final NativeKernel accumulateOne;
  private final NativeKernel accumulateFour;
  private final NativeKernel accumulateBlocks;
  private final NativeKernel storeExp;
  private final NativeKernel sumExp;
  private final NativeKernel gate;

  EmittedRowMath(Emission code, RowMath others) {
    this.others = others;
    add = code.add(RowCode.binary(VectorOp.ADD));
    multiply = code.add(RowCode.binary(VectorOp.MULTIPLY));
    scale = code.add(RowCode.scale());
    scaledProduct = code.add(RowCode.scaledProduct());
    sumOfSquares = code.add(RowCode.sumOfSquares());
    rotate = code.add(RowCode.rotate());
    max = code.add(RowCode.max());
    nextAbove = code.add(RowCode.nextAbove());
    fourScores = code.add(RowCode.scores(4));
    eightScores = code.add(RowCode.scores(8));
    accumulateOne = code.add(RowCode.accumulate(1));
    accumulateFour = code.add(RowCode.accumulate(4));
    accumulateBlocks = code.add(RowCode.accumulateBlocks());
    storeExp = code.add(ExpCode.emit(ExpCode.Use.STORE));
    sumExp = code.add(ExpCode.emit(ExpCode.Use.SUM));
    gate = code.add(ExpCode.emit(ExpCode.Use.GATE));
  }

  @Override
  public boolean needsWarmUp() {
    return false;
  }

  private static long in(MemorySegment segment, long offset, int n) {
    return Addresses.readable(segment, offset, 4L * n);
  }

  private static long out(MemorySegment segment, long offset, int n) {
    return Addresses.writable(segment, offset, 4L * n);
  }

  /** A kernel of {@link RowCode} for whole vectors. */
  private static float call(NativeKernel kernel, long a, long b, int n, long d, float s) {
    return kernel.call(NONE, a, b, n / LANES, d, 0, 0, 0, 0, 0, 0, s);
  }

  @Override
  public void unary(
      Unary.Kind kind, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    others.unary(kind, x, xOffset, y, yOffset, n);
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
    int main = n & -LANES;
    boolean emitted = kind == Binary.Kind.ADD || kind == Binary.Kind.MUL;
    if (!emitted || aFixed || bFixed || main == 0) {
      others.binary(kind, a, aOffset, aFixed, b, bOffset, bFixed, y, yOffset, n);
      return;
    }
    NativeKernel kernel = kind == Binary.Kind.ADD ? add : multiply;
    call(kernel, in(a, aOffset, main), in(b, bOffset, main), main, out(y, yOffset, main), 0);
    long at = 4L * main;
    scalar.binary(kind, a, aOffset + at, false, b, bOffset + at, false, y, yOffset + at, n - main);
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
    int main = n & -LANES;
    float squares = 0;
    if (main > 0) {
      squares = call(sumOfSquares, in(x, xOffset, main), 0, main, 0, 0);
    }
    for (int i = main; i < n; i++) {
      float value = x.get(Layouts.FLOAT, xOffset + 4L * i);
      squares += value * value;
    }
    float factor = (float) (1 / Math.sqrt(squares / n + eps));
    if (main > 0) {
      long to = out(y, yOffset, main);
      call(scaledProduct, in(x, xOffset, main), in(w, wOffset, main), main, to, factor);
    }
    for (int i = main; i < n; i++) {
      float value = x.get(Layouts.FLOAT, xOffset + 4L * i) * factor;
      y.set(Layouts.FLOAT, yOffset + 4L * i, value * w.get(Layouts.FLOAT, wOffset + 4L * i));
    }
  }

  @Override
  public void swiGlu(
      MemorySegment gateRow,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    int main = n & -LANES;
    if (main > 0) {
      long to = out(y, yOffset, main);
      call(gate, in(gateRow, gateOffset, main), in(up, upOffset, main), main, to, 0);
    }
    long at = 4L * main;
    scalar.swiGlu(gateRow, gateOffset + at, up, upOffset + at, y, yOffset + at, n - main);
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
    int main = half & -LANES;
    if (main > 0) {
      rotate.call(
          NONE,
          in(x, xOffset, 2 * half),
          in(cos, cosOffset, main),
          main / LANES,
          out(y, yOffset, 2 * half),
          in(sin, sinOffset, main),
          4L * half,
          0,
          0,
          0,
          0,
          0);
    }
    scalar.rotate(x, xOffset, cos, cosOffset, sin, sinOffset, y, yOffset, half, main);
  }

  @Override
  public float exp(
      MemorySegment x, long xOffset, float shift, MemorySegment y, long yOffset, int n) {
    int main = n & -LANES;
    float sum = 0;
    if (main > 0) {
      sum = call(storeExp, in(x, xOffset, main), 0, main, out(y, yOffset, main), shift);
    }
    long at = 4L * main;
    return sum + scalar.exp(x, xOffset + at, shift, y, yOffset + at, n - main);
  }

  @Override
  public float sumExp(MemorySegment x, long xOffset, float shift, int n) {
    int main = n & -LANES;
    float sum = main > 0 ? call(sumExp, in(x, xOffset, main), 0, main, 0, shift) : 0;
    return sum + scalar.sumExp(x, xOffset + 4L * main, shift, n - main);
  }

  @Override
  public void scale(
      MemorySegment x, long xOffset, float factor, MemorySegment y, long yOffset, int n) {
    int main = n & -LANES;
    if (main > 0) {
      call(scale, in(x, xOffset, main), 0, main, out(y, yOffset, main), factor);
    }
    scalar.scale(x, xOffset + 4L * main, factor, y, yOffset + 4L * main, n - main);
  }

  @Override
  public void shift(
      MemorySegment x, long xOffset, float term, MemorySegment y, long yOffset, int n) {
    others.shift(x, xOffset, term, y, yOffset, n);
  }

  @Override
  public float sum(MemorySegment x, long xOffset, int n) {
    return others.sum(x, xOffset, n);
  }

  @Override
  public float max(MemorySegment x, long xOffset, int n) {
    int main = n & -LANES;
    float rest = scalar.max(x, xOffset + 4L * main, n - main);
    return main > 0 ? Math.max(call(max, in(x, xOffset, main), 0, main, 0, 0), rest) : rest;
  }

  @Override
  public float min(MemorySegment x, long xOffset, int n) {
    return others.min(x, xOffset, n);
  }

  @Override
  public int nextAbove(MemorySegment x, long xOffset, int from, int n, float bound) {
    int main = (n - from) & -LANES;
    if (main <= 0) {
      return scalar.nextAbove(x, xOffset, from, n, bound);
    }
    long start = in(x, xOffset + 4L * from, main);
    int place = Float.floatToRawIntBits(call(nextAbove, start, 0, main, 0, bound));
    return place < main ? from + place : scalar.nextAbove(x, xOffset, from + main, n, bound);
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
    if (n != 4 * LANES && n != 8 * LANES) {
      others.scores(q, qOffset, k, kOffset, kRowBytes, count, n, scale, s, sOffset);
    } else if (count > 0) {
      NativeKernel kernel = n == 4 * LANES ? fourScores : eightScores;
      kernel.call(
          k,
          in(q, qOffset, n),
          kRowBytes,
          count,
          Addresses.readable(k, kOffset, Addresses.span(count, kRowBytes, 4L * n)),
          out(s, sOffset, count),
          0,
          0,
          0,
          0,
          0,
          scale);
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
    int column = 0;
    if (count > 0 && n >= LONG_ROW) {
      column = n - n % (4 * LANES);
      accumulate(
          accumulateBlocks, column / LANES, p, pOffset, v, vOffset, vRowBytes, count, y, yOffset);
    }
    for (; count > 0 && column <= n - 4 * LANES; column += 4 * LANES) {
      long from = vOffset + 4L * column;
      accumulate(
          accumulateFour, 4, p, pOffset, v, from, vRowBytes, count, y, yOffset + 4L * column);
    }
    for (; count > 0 && column <= n - LANES; column += LANES) {
      long from = vOffset + 4L * column;
      accumulate(accumulateOne, 1, p, pOffset, v, from, vRowBytes, count, y, yOffset + 4L * column);
    }
    long at = 4L * column;
    scalar.accumulate(p, pOffset, v, vOffset + at, vRowBytes, count, n - column, y, yOffset + at);
  }

  private static void accumulate(
      NativeKernel kernel,
      int vectors,
      MemorySegment p,
      long pOffset,
      MemorySegment v,
      long vOffset,
      long vRowBytes,
      int count,
      MemorySegment y,
      long yOffset) {
    int n = vectors * LANES;
    kernel.call(
        v,
        in(p, pOffset, count),
        vRowBytes,
        count,
        Addresses.readable(v, vOffset, Addresses.span(count, vRowBytes, 4L * n)),
        out(y, yOffset, n),
        vectors / 4,
        0,
        0,
        0,
        0,
        0);
  }

  @Override
  public float dot(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
    return others.dot(a, aOffset, b, bOffset, n);
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
    others.softmaxGradient(p, pOffset, g, gOffset, shift, y, yOffset, n);
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
    return others.rmsNormGradient(x, xOffset, w, wOffset, g, gOffset, y, yOffset, n, eps);
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
    others.addProducts(a, aOffset, b, bOffset, factor, y, yOffset, n);
  }

  @Override
  public void swiGluGradient(
      MemorySegment gateRow,
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
    others.swiGluGradient(
        gateRow,
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
