package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;

/**
 * Logarithm of the sum of exponentials of rows. A row as long as a vocabulary is divided into
 * pieces, whose sums are merged as those of an online softmax (Milakov and Gimelshein 2018,
 * arXiv:1805.02867).
 */
final class LogSumExpKernel implements CpuKernel, Region {
  private static final int PIECE = 16_384;

  private final RowMath math;
  private final HostTensor x;
  private final HostTensor result;
  private final int n;
  private final int rows;
  private final int pieces;
  private final float[] max;
  private final float[] sum;

  LogSumExpKernel(RowMath math, HostTensor x, HostTensor result) {
    this.math = math;
    this.x = x;
    this.result = result;
    this.n = x.extent(-1);
    this.rows = Math.toIntExact(x.size() / n);
    this.pieces = Math.ceilDiv(n, PIECE);
    this.max = new float[Math.multiplyExact(rows, pieces)];
    this.sum = new float[max.length];
  }

  @Override
  public void run(Execution execution) {
    execution.run(this, max.length);
    for (int row = 0; row < rows; row++) {
      result.segment().set(Layouts.FLOAT, result.offset() + 4L * row, merge(row * pieces));
    }
  }

  @Override
  public void run(Worker worker, int chunk) {
    int start = chunk % pieces * PIECE;
    int count = Math.min(PIECE, n - start);
    long from = x.offset() + 4L * n * (chunk / pieces) + 4L * start;
    max[chunk] = math.max(x.segment(), from, count);
    sum[chunk] = math.sumExp(x.segment(), from, max[chunk], count);
  }

  private float merge(int first) {
    float largest = max[first];
    for (int i = 1; i < pieces; i++) {
      largest = Math.max(largest, max[first + i]);
    }
    double total = 0;
    for (int i = first; i < first + pieces; i++) {
      if (max[i] == largest) {
        total += sum[i];
      } else if (max[i] != Float.NEGATIVE_INFINITY) {
        total += Math.exp(max[i] - largest) * sum[i];
      }
    }
    return (float) (Math.log(total) + largest);
  }
}
