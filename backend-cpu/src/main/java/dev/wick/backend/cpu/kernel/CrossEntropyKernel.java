package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.CrossEntropy;
import java.lang.foreign.MemorySegment;

/**
 * Cross-entropy of rows and its gradient in two passes: the log-sum-exp with a running maximum
 * (Milakov and Gimelshein 2018, arXiv:1805.02867), then the gradient.
 */
final class CrossEntropyKernel extends RowsKernel {
  private static final int PIECE = 4096;

  private final RowMath math;
  private final HostTensor logits;
  private final HostTensor labels;
  private final HostTensor loss;
  private final HostTensor gradient;
  private final int vocab;
  private final float smoothing;

  CrossEntropyKernel(
      CrossEntropy op,
      RowMath math,
      HostTensor logits,
      HostTensor labels,
      HostTensor loss,
      HostTensor gradient) {
    super(logits.extent(0), logits.extent(1));
    this.math = math;
    this.logits = logits;
    this.labels = labels;
    this.loss = loss;
    this.gradient = gradient;
    this.vocab = logits.extent(1);
    this.smoothing = op.labelSmoothing();
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
    long from = logits.offset() + logits.stride(0) * row;
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
      if (max != Double.NEGATIVE_INFINITY) {
        exponentials += math.sumExp(x, from + 4L * start, (float) max, n);
      }
      if (smoothing > 0) {
        total += total(x, from + 4L * start, to + 4L * start, here, n);
      }
    }
    double logSumExp = max + Math.log(exponentials);
    gradient(x, from, to, (float) max, (float) (1 / exponentials));
    long target = to + 4L * label;
    float atTarget = gradient.segment().get(Layouts.FLOAT, target) - (1 - smoothing);
    gradient.segment().set(Layouts.FLOAT, target, atTarget);
    double own = (1 - smoothing) * x.get(Layouts.FLOAT, from + 4L * label);
    double even = smoothing > 0 ? smoothing * total / vocab : 0;
    loss.segment().set(Layouts.FLOAT, lossAt, (float) (logSumExp - own - even));
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
   * Writes {@code p - smoothing / vocab}. From the maximum, not from the log-sum-exp, which in F32
   * is off by a relative error of p where logits are large.
   */
  private void gradient(MemorySegment x, long from, long to, float max, float factor) {
    MemorySegment y = gradient.segment();
    for (int start = 0; start < vocab; start += PIECE) {
      int n = Math.min(PIECE, vocab - start);
      long at = to + 4L * start;
      math.exp(x, from + 4L * start, max, y, at, n);
      math.scale(y, at, factor, y, at, n);
      if (smoothing > 0) {
        math.shift(y, at, -smoothing / vocab, y, at, n);
      }
    }
  }
}
