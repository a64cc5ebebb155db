package dev.wick.engine.tck;

import dev.wick.engine.op.LoraMatMul;

/** Adapters on rows by their formula, in F64: one use, row and output after the other. */
final class LoraOracle {
  private LoraOracle() {}

  static HostTensor add(
      HostTensor x,
      HostTensor base,
      HostTensor pool,
      HostTensor segments,
      HostTensor places,
      HostTensor weights) {
    int in = Math.toIntExact(x.spec().shape().extent(1));
    int out = Math.toIntExact(base.spec().shape().extent(1));
    double[] result = new double[base.size()];
    for (int i = 0; i < result.length; i++) {
      result[i] = base.number(i);
    }
    for (int use = 0; use < weights.size(); use++) {
      int first = (int) segments.number(2 * use);
      int end = first + (int) segments.number(2 * use + 1);
      if (first == end) {
        continue;
      }
      int a = place(places, use, 0);
      int b = place(places, use, 1);
      int rank = (int) places.number(5 * use + 2);
      int rescale = place(places, use, 3);
      int bias = place(places, use, 4);
      for (int row = first; row < end; row++) {
        double[] low = new double[rank];
        for (int r = 0; r < rank; r++) {
          for (int i = 0; i < in; i++) {
            low[r] += x.number(row * in + i) * pool.number(a + r * in + i);
          }
        }
        for (int o = 0; o < out; o++) {
          double delta = bias < 0 ? 0 : pool.number(bias + o);
          for (int r = 0; r < rank; r++) {
            delta += low[r] * pool.number(b + r * out + o);
          }
          delta += rescale < 0 ? 0 : pool.number(rescale + o) * base.number(row * out + o);
          result[row * out + o] += weights.number(use) * delta;
        }
      }
    }
    return HostTensor.of(base.spec(), i -> result[i]);
  }

  private static int place(HostTensor places, int use, int part) {
    return LoraMatMul.UNIT * (int) places.number(5 * use + part);
  }
}
