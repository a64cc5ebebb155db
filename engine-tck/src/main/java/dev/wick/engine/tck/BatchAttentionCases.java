package dev.wick.engine.tck;

import dev.wick.engine.op.Attention;
import dev.wick.engine.op.AttentionGradient;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Cases of attention within a batch, or of its gradient.
 *
 * @param gradient whether of the gradient
 */
record BatchAttentionCases(boolean gradient) implements Cases {
  /** Extents of a case. */
  private record Dimensions(int heads, int kvHeads, int headDim, int valueDim, int window) {
    static Dimensions of(int heads, int kvHeads, int headDim) {
      return new Dimensions(heads, kvHeads, headDim, headDim, 0);
    }

    Dimensions values(int dim) {
      return new Dimensions(heads, kvHeads, headDim, dim, window);
    }

    Dimensions window(int rows) {
      return new Dimensions(heads, kvHeads, headDim, valueDim, rows);
    }

    float scale() {
      return (float) (1 / Math.sqrt(headDim));
    }
  }

  @Override
  public String name() {
    return gradient ? "attention_gradient" : "attention";
  }

  @Override
  public List<OpCase> chosen(RandomGenerator random) {
    List<OpCase> cases = new ArrayList<>();
    Dimensions small = Dimensions.of(4, 2, 16);
    cases.add(of(random, Dimensions.of(1, 1, 1), 1));
    for (int tokens : new int[] {1, 2, 31, 32, 33, 63, 64, 65, 130}) {
      cases.add(of(random, small, tokens));
    }
    for (int group : new int[] {1, 3, 7}) {
      cases.add(of(random, Dimensions.of(2 * group, 2, 8), 19));
    }
    for (int headDim : new int[] {1, 3, 31, 33, 64, 65, 128}) {
      cases.add(of(random, Dimensions.of(2, 1, headDim), 9));
    }
    cases.add(of(random, small.values(5), 20));
    cases.add(of(random, small.values(70), 20));
    cases.add(of(random, small, 40, 1, 1, 33, 2));
    cases.add(of(random, small, 64, 64));
    cases.add(of(random, small.window(1), 20));
    cases.add(of(random, small.window(16), 40, 3, 70));
    cases.add(of(random, small.window(500), 40, 3));
    cases.add(of(random, small));
    cases.add(of(random, new Dimensions(0, 2, 8, 8, 0), 3));
    return cases;
  }

  @Override
  public OpCase any(RandomGenerator random) {
    int kvHeads = 1 + random.nextInt(3);
    Dimensions dimensions =
        new Dimensions(
            kvHeads * (1 + random.nextInt(4)),
            kvHeads,
            1 + random.nextInt(40),
            1 + random.nextInt(40),
            random.nextBoolean() ? 0 : 1 + random.nextInt(60));
    int[] lengths = new int[1 + random.nextInt(4)];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = 1 + random.nextInt(30);
    }
    return of(random, dimensions, lengths);
  }

  /** A few rows of two sequences, to be spoiled. */
  OpCase small(RandomGenerator random) {
    return of(random, Dimensions.of(4, 2, 16), 3, 2);
  }

  private OpCase of(RandomGenerator random, Dimensions d, int... lengths) {
    List<Integer> first = new ArrayList<>();
    for (int length : lengths) {
      int begin = first.size();
      for (int i = 0; i < length; i++) {
        first.add(begin);
      }
    }
    int tokens = first.size();
    List<HostTensor> operands = new ArrayList<>();
    operands.add(HostTensor.normal(random, DType.F32, tokens, d.heads(), d.headDim()));
    operands.add(HostTensor.normal(random, DType.F32, tokens, d.kvHeads(), d.headDim()));
    operands.add(HostTensor.normal(random, DType.F32, tokens, d.kvHeads(), d.valueDim()));
    operands.add(HostTensor.of(TensorSpec.of(DType.I32, tokens), first::get));
    if (!gradient) {
      return new OpCase(
          new Attention(d.scale(), d.window()), operands, new Tolerance(d.headDim() + 8), false);
    }
    addResults(operands, d);
    operands.add(HostTensor.normal(random, DType.F32, tokens, d.heads(), d.valueDim()));
    operands.add(HostTensor.normal(random, DType.F32, tokens, d.heads()));
    return new OpCase(
        new AttentionGradient(d.scale(), d.window()),
        operands,
        new Tolerance(d.headDim() + d.valueDim() + tokens + 16),
        false);
  }

  /** What the attention gives, in F64, without which its gradient has no meaning. */
  private static void addResults(List<HostTensor> operands, Dimensions d) {
    int tokens = operands.get(3).size();
    double[] output = new double[tokens * d.heads() * d.valueDim()];
    double[] logSumExp = new double[tokens * d.heads()];
    for (int row = 0; row < logSumExp.length; row++) {
      int token = row / d.heads();
      int kvHead = row % d.heads() / (d.heads() / d.kvHeads());
      int begin = (int) operands.get(3).number(token);
      begin = d.window() == 0 ? begin : Math.max(begin, token - d.window() + 1);
      double sum = 0;
      for (int other = begin; other <= token; other++) {
        int otherRow = other * d.kvHeads() + kvHead;
        double score = 0;
        for (int i = 0; i < d.headDim(); i++) {
          score +=
              operands.get(0).number(row * d.headDim() + i)
                  * operands.get(1).number(otherRow * d.headDim() + i);
        }
        double weight = Math.exp(score * d.scale());
        sum += weight;
        for (int i = 0; i < d.valueDim(); i++) {
          output[row * d.valueDim() + i] +=
              weight * operands.get(2).number(otherRow * d.valueDim() + i);
        }
      }
      for (int i = 0; i < d.valueDim(); i++) {
        output[row * d.valueDim() + i] /= sum;
      }
      logSumExp[row] = Math.log(sum);
    }
    operands.add(
        HostTensor.of(TensorSpec.of(DType.F32, tokens, d.heads(), d.valueDim()), i -> output[i]));
    operands.add(HostTensor.of(TensorSpec.of(DType.F32, tokens, d.heads()), i -> logSumExp[i]));
  }
}
