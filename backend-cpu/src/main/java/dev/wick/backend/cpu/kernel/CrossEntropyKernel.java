package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.CrossEntropy;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Cross-entropy of rows and its gradient in two passes: exponentials with a running maximum
 * (Milakov and Gimelshein 2018, arXiv:1805.02867), then what makes them probabilities. The gradient
 * may have the place of the logits.
 */
final class CrossEntropyKernel extends RowsKernel {
  private static final int PIECE = 4096;

  private final RowMath math;
  private final HostTensor logits;
  private final HostTensor labels;
  private final @Nullable HostTensor weights;
  private final HostTensor loss;
  private final HostTensor gradient;
  private final int vocab;
  private final float smoothing;

  /** From which maximum the exponentials of each piece of each row were taken. */
  private final double[] maxima;

  private final int pieces;

  CrossEntropyKernel(
      CrossEntropy op,
      RowMath math,
      HostTensor logits,
      HostTensor labels,
      @Nullable HostTensor weights,
      HostTensor loss,
      HostTensor gradient) {
    super(logits.extent(0), logits.extent(1));
    this.math = math;
    this.logits = logits;
    this.labels = labels;
    this.weights = weights;
    this.loss = loss;
    this.gradient = gradient;
    this.vocab = logits.extent(1);
    this.smoothing = op.labelSmoothing();
    this.pieces = (vocab + PIECE - 1) / PIECE;
    this.maxima = new double[Math.multiplyExact(logits.extent(0), pieces)];
  }

  @Override
  void row(long row) {
    int label = labels.intAt(row);
    long to = gradient.offset() + 4L * vocab * row;
    long lossAt = loss.offset() + 4L * row;
    if (label < 0) {
      gradient.segment().asSlice(to, 4L * vocab).fill((byte) 0);
      loss.segment().set(Layouts.FLOAT, lossAt, 0f);
      return;
    }
    Indices.check("cross_entropy", "labels", label, vocab);
    MemorySegment x = logits.segment();
    MemorySegment y = gradient.segment();
    long from = logits.offset() + logits.stride(0) * row;
    float atLabel = x.get(Layouts.FLOAT, from + 4L * label);
    int first = (int) row * pieces;
    double max = Double.NEGATIVE_INFINITY;
    double exponentials = 0;
    double total = 0;
    for (int start = 0; start < vocab; start += PIECE) {
      int n = Math.min(PIECE, vocab - start);
      float here = math.max(x, from + 4L * start, n);
      if (here > max || Float.isNaN(here)) {
        exponentials *= max == Double.NEGATIVE_INFINITY ? 0 : Math.exp(max - here);
        max = here;
      }
      if (smoothing > 0) {
        total += total(x, from + 4L * start, to + 4L * start, here, n);
      }
      if (max == Double.NEGATIVE_INFINITY) {
        y.asSlice(to + 4L * start, 4L * n).fill((byte) 0);
      } else {
        exponentials += math.exp(x, from + 4L * start, (float) max, y, to + 4L * start, n);
      }
      maxima[first + start / PIECE] = max;
    }
    double weight = weights == null ? 1 : weights.floatAt(row);
    gradient(to, first, max, weight / exponentials, (float) (weight * smoothing / vocab));
    long target = to + 4L * label;
    float atTarget = y.get(Layouts.FLOAT, target) - (float) (weight * (1 - smoothing));
    y.set(Layouts.FLOAT, target, atTarget);
    double logSumExp = max + Math.log(exponentials);
    double own = (1 - smoothing) * atLabel;
    double even = smoothing > 0 ? smoothing * total / vocab : 0;
    loss.segment().set(Layouts.FLOAT, lossAt, (float) (weight * (logSumExp - own - even)));
  }

  /**
   * Sum of a piece whose largest element is given. Its distances from that are added up, as logits
   * far from 0 would leave their differences in the last bits of the sum; the place of the gradient
   * holds them meanwhile.
   */
  private double total(MemorySegment x, long from, long to, float largest, int n) {
    if (Float.isInfinite(largest)) {
      return largest;
    }
    MemorySegment y = gradient.segment();
    math.shift(x, from, -largest, y, to, n);
    return (double) n * largest + math.sum(y, to, n);
  }

  /**
   * Turns exponentials into {@code factor * e - even}. They are of distances from a maximum, not
   * from the log-sum-exp, which in F32 is off by a relative error of p where logits are large.
   */
  private void gradient(long to, int first, double max, double factor, float even) {
    MemorySegment y = gradient.segment();
    for (int start = 0; start < vocab; start += PIECE) {
      int n = Math.min(PIECE, vocab - start);
      long at = to + 4L * start;
      double piece = maxima[first + start / PIECE];
      double own = piece == max ? factor : factor * Math.exp(piece - max);
      math.scale(y, at, (float) own, y, at, n);
      if (smoothing > 0) {
        math.shift(y, at, -even, y, at, n);
      }
    }
  }
}
