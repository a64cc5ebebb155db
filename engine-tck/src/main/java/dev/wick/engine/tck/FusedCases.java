package dev.wick.engine.tck;

import dev.wick.engine.op.LogSumExp;
import dev.wick.engine.op.RmsNorm;
import dev.wick.engine.op.Rope;
import dev.wick.engine.op.Softmax;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.op.TopK;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of fused operations along the last axis or elementwise. */
final class FusedCases {
  private FusedCases() {}

  static List<Cases> all() {
    return List.of(
        new RmsNormCases(),
        new SoftmaxCases(),
        new LogSumExpCases(),
        new SwiGluCases(),
        new RopeCases(),
        new TopKCases());
  }

  private static long[] withLastAxis(RandomGenerator random) {
    long[] extents = Cases.extents(random, 1);
    extents[extents.length - 1] = Math.max(1, extents[extents.length - 1]);
    return extents;
  }

  /** Rows with one number that is not finite. */
  private static HostTensor withSpecialRows(RandomGenerator random, double... special) {
    return HostTensor.of(
        TensorSpec.of(DType.F32, special.length + 1, 37),
        i -> i % 37 == 5 && i / 37 < special.length ? special[i / 37] : random.nextGaussian());
  }

  private record RmsNormCases() implements Cases {
    @Override
    public String name() {
      return "rms_norm";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        cases.add(of(random, 1e-6f, extent));
        cases.add(of(random, 1e-5f, 3, extent));
      }
      cases.add(of(random, 1e-6f, 2, 14, 64));
      cases.add(of(random, 1e-6f, 5, 896));
      cases.add(of(random, 1e-6f, 0, 8));
      HostTensor weight = HostTensor.normal(random, DType.F32, 37);
      cases.add(OpCase.close(37, new RmsNorm(1e-6f), withSpecialRows(random, Double.NaN), weight));
      cases.add(
          OpCase.close(
              37,
              new RmsNorm(1e-6f),
              HostTensor.of(TensorSpec.of(DType.F32, 3, 37), i -> i < 37 ? 0 : i < 74 ? 1e-5 : 1e4),
              weight));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(random, random.nextBoolean() ? 1e-6f : 1e-2f, Cases.extents(random, 1));
    }

    private static OpCase of(RandomGenerator random, float eps, long... extents) {
      long n = extents[extents.length - 1];
      return OpCase.close(
          1 + n / 8.0,
          new RmsNorm(eps),
          HostTensor.normal(random, DType.F32, extents),
          HostTensor.normal(random, DType.F32, n));
    }
  }

  private record SoftmaxCases() implements Cases {
    @Override
    public String name() {
      return "softmax";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        if (extent > 0) {
          cases.add(of(random, 5, extent));
          cases.add(of(random, 5, 3, extent));
        }
      }
      cases.add(of(random, 200, 4, 100));
      cases.add(of(random, 5, 2, 3, 1009));
      cases.add(of(random, 5, 0, 7));
      cases.add(
          OpCase.close(
              10, new Softmax(), withSpecialRows(random, Double.NaN, Double.NEGATIVE_INFINITY)));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(random, 10, withLastAxis(random));
    }

    private static OpCase of(RandomGenerator random, double range, long... extents) {
      return OpCase.close(
          1 + extents[extents.length - 1] / 64.0,
          new Softmax(),
          HostTensor.uniform(random, -range, range, extents));
    }
  }

  private record LogSumExpCases() implements Cases {
    @Override
    public String name() {
      return "log_sum_exp";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        if (extent > 0) {
          cases.add(of(random, 5, extent));
          cases.add(of(random, 5, 3, extent));
        }
      }
      cases.add(of(random, 1000, 4, 100));
      cases.add(of(random, 5, 3, 10007));
      cases.add(of(random, 5, 0, 7));
      cases.add(
          OpCase.close(
              10, new LogSumExp(), withSpecialRows(random, Double.NaN, Double.NEGATIVE_INFINITY)));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(random, 20, withLastAxis(random));
    }

    private static OpCase of(RandomGenerator random, double range, long... extents) {
      return OpCase.close(
          1 + extents[extents.length - 1] / 64.0,
          new LogSumExp(),
          HostTensor.uniform(random, -range, range, extents));
    }
  }

  private record SwiGluCases() implements Cases {
    @Override
    public String name() {
      return "swi_glu";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        cases.add(of(random, extent));
        cases.add(of(random, 3, extent));
      }
      cases.add(of(random));
      cases.add(
          OpCase.close(
              1,
              new SwiGlu(),
              withSpecialRows(random, Double.NaN, Double.POSITIVE_INFINITY, -3e38, 3e38),
              HostTensor.uniform(random, 0.5, 1, 5, 37)));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(random, Cases.extents(random, 0));
    }

    private static OpCase of(RandomGenerator random, long... extents) {
      return OpCase.close(
          2,
          new SwiGlu(),
          HostTensor.uniform(random, -20, 20, extents),
          HostTensor.normal(random, DType.F32, extents));
    }
  }

  private record RopeCases() implements Cases {
    @Override
    public String name() {
      return "rope";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      return List.of(
          of(random, 1, 1, 2, 1),
          of(random, 1, 14, 64, 32),
          of(random, 7, 2, 128, 64),
          of(random, 33, 3, 16, 8),
          of(random, 5, 2, 17, 8),
          of(random, 5, 2, 64, 16),
          of(random, 5, 2, 34, 17),
          of(random, 3, 2, 8, 0),
          of(random, 0, 2, 8, 4),
          of(random, 3, 0, 8, 4));
    }

    @Override
    public OpCase any(RandomGenerator random) {
      int headDim = 1 + random.nextInt(80);
      return of(
          random,
          random.nextInt(20),
          random.nextInt(9),
          headDim,
          random.nextBoolean() ? headDim / 2 : random.nextInt(headDim / 2 + 1));
    }

    private static OpCase of(RandomGenerator random, int tokens, int heads, int headDim, int half) {
      return OpCase.close(
          2,
          new Rope(),
          HostTensor.normal(random, DType.F32, tokens, heads, headDim),
          HostTensor.uniform(random, -1, 1, tokens, half),
          HostTensor.uniform(random, -1, 1, tokens, half));
    }
  }

  private record TopKCases() implements Cases {
    @Override
    public String name() {
      return "top_k";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        for (int k : new int[] {1, 2, 8, extent}) {
          if (k <= extent && k > 0 && k < 40) {
            cases.add(of(random, k, extent));
            cases.add(of(random, k, 3, extent));
          }
        }
      }
      cases.add(of(random, 4, 0, 60));
      cases.add(of(random, 8, 2, 5, 128));
      cases.add(
          OpCase.exact(
              new TopK(6),
              HostTensor.of(
                  TensorSpec.of(DType.F32, 3, 9),
                  i -> i % 9 == 4 ? 1 : i % 9 == 6 ? i / 9.0 : Double.NEGATIVE_INFINITY)));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      long[] extents = withLastAxis(random);
      return of(
          random, 1 + random.nextInt((int) Math.min(12, extents[extents.length - 1])), extents);
    }

    /** Half of the cases have many ties. */
    private static OpCase of(RandomGenerator random, int k, long... extents) {
      boolean ties = random.nextBoolean();
      return OpCase.exact(
          new TopK(k),
          HostTensor.of(
              TensorSpec.of(DType.F32, extents),
              i -> ties ? random.nextInt(-3, 4) : random.nextGaussian()));
    }
  }
}
