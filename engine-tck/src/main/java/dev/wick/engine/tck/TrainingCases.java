package dev.wick.engine.tck;

import dev.wick.engine.op.CrossEntropy;
import dev.wick.engine.op.RmsNormGradient;
import dev.wick.engine.op.SwiGluGradient;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of the loss, and of gradients along the last axis or elementwise. */
final class TrainingCases {
  private TrainingCases() {}

  static List<Cases> all() {
    return List.of(
        new CrossEntropyCases(),
        new RmsNormGradientCases(),
        new SwiGluGradientCases(),
        new BatchAttentionCases(false),
        new BatchAttentionCases(true));
  }

  /** Three rows with labels 0 to 4, to be spoiled. */
  static OpCase smallCrossEntropy(RandomGenerator random) {
    return CrossEntropyCases.of(random, 0, 5, 3, 5);
  }

  private record CrossEntropyCases() implements Cases {
    @Override
    public String name() {
      return "cross_entropy";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        if (extent > 0) {
          cases.add(of(random, 0, 5, 3, extent));
          cases.add(of(random, 0.1f, 5, 2, extent));
        }
      }
      cases.add(of(random, 0, 200, 4, 100));
      cases.add(of(random, 0.2f, 5, 3, 10_007));
      // Far from 0, where what a row has in common must cancel before anything is rounded.
      cases.add(of(random, 0, 995, 1005, 3, 1000));
      cases.add(of(random, 0.3f, -1005, -995, 3, 5000));
      cases.add(of(random, 0, 5, 0, 7));
      cases.add(of(random, 0, 5, 40, 9));
      cases.add(weighted(random, of(random, 0, 5, 7, 300)));
      cases.add(weighted(random, of(random, 0.2f, 5, 3, 9_001)));
      // Tokens that cannot be, and one that is all there is.
      HostTensor logits =
          HostTensor.of(
              TensorSpec.of(DType.F32, 2, 5000),
              i -> i / 5000 == 1 && i % 5000 != 4500 ? Double.NEGATIVE_INFINITY : i % 5000 / 1e3);
      HostTensor labels = HostTensor.of(TensorSpec.of(DType.I32, 2), i -> 4500);
      cases.add(OpCase.close(60, new CrossEntropy(0), logits, labels));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      OpCase any =
          of(
              random,
              random.nextBoolean() ? 0 : random.nextFloat() * 0.9f,
              10,
              random.nextInt(9),
              Math.max(1, Cases.extent(random)));
      return random.nextBoolean() ? any : weighted(random, any);
    }

    private static OpCase weighted(RandomGenerator random, OpCase plain) {
      List<HostTensor> operands = new ArrayList<>(plain.operands());
      operands.add(HostTensor.uniform(random, 0, 2, operands.get(1).size()));
      return new OpCase(plain.op(), operands, plain.tolerance(), false);
    }

    /** Some of the rows do not count. */
    private static OpCase of(
        RandomGenerator random, float smoothing, double range, int rows, int vocab) {
      return of(random, smoothing, -range, range, rows, vocab);
    }

    private static OpCase of(
        RandomGenerator random, float smoothing, double low, double high, int rows, int vocab) {
      return OpCase.close(
          8 + vocab / 64.0,
          new CrossEntropy(smoothing),
          HostTensor.uniform(random, low, high, rows, vocab),
          HostTensor.of(
              TensorSpec.of(DType.I32, rows),
              i -> random.nextInt(4) == 0 ? -100 : random.nextInt(vocab)));
    }
  }

  private record RmsNormGradientCases() implements Cases {
    @Override
    public String name() {
      return "rms_norm_gradient";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        cases.add(of(random, false, extent));
        cases.add(of(random, true, 3, extent));
      }
      cases.add(of(random, true, 2, 14, 64));
      cases.add(of(random, true, 300, 65));
      cases.add(of(random, false, 5, 896));
      cases.add(of(random, true, 0, 8));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(random, random.nextBoolean(), Cases.extents(random, 1));
    }

    private static OpCase of(RandomGenerator random, boolean ofWeight, long... extents) {
      long n = extents[extents.length - 1];
      HostTensor x = HostTensor.normal(random, DType.F32, extents);
      double terms = 8 + n / 8.0 + (ofWeight && n > 0 ? (double) x.size() / n : 0);
      // With so large an eps, rows of few elements have no steep gradients.
      return OpCase.close(
          terms,
          new RmsNormGradient(0.1f, ofWeight),
          x,
          HostTensor.normal(random, DType.F32, n),
          HostTensor.normal(random, DType.F32, extents));
    }
  }

  private record SwiGluGradientCases() implements Cases {
    @Override
    public String name() {
      return "swi_glu_gradient";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        cases.add(of(random, extent));
        cases.add(of(random, 3, extent));
      }
      cases.add(of(random));
      cases.add(of(random, 5, 4000));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(random, Cases.extents(random, 0));
    }

    private static OpCase of(RandomGenerator random, long... extents) {
      return OpCase.close(
          12,
          new SwiGluGradient(),
          HostTensor.uniform(random, -20, 20, extents),
          HostTensor.normal(random, DType.F32, extents),
          HostTensor.normal(random, DType.F32, extents));
    }
  }
}
