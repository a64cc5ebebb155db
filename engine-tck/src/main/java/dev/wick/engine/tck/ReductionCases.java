package dev.wick.engine.tck;

import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of the operations that combine elements along an axis. */
final class ReductionCases {
  private ReductionCases() {}

  static List<Cases> all() {
    return List.of(new ReduceCases(), new ArgReduceCases());
  }

  private record ReduceCases() implements Cases {
    @Override
    public String name() {
      return "reduce";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (Reduce.Kind kind : Reduce.Kind.values()) {
        for (int extent : EXTENTS) {
          if (extent > 0 || kind == Reduce.Kind.SUM) {
            cases.add(of(kind, -1, random, extent));
            cases.add(of(kind, -1, random, 3, extent));
            cases.add(of(kind, 0, random, extent, 5));
            cases.add(of(kind, 1, random, 2, extent, 3));
          }
        }
        cases.add(of(kind, 0, random, 10007));
        cases.add(of(kind, -2, random, 2, 3, 4, 5));
        cases.add(of(kind, -1, random, 0, 4));
        HostTensor special = ElementwiseCases.special(ElementwiseCases.SPECIAL.length, 1);
        cases.add(OpCase.close(1, new Reduce(kind, 1), special));
        cases.add(OpCase.close(1, new Reduce(kind, 0), special));
        HostTensor infinite =
            HostTensor.of(
                TensorSpec.of(DType.F32, 2, 40),
                i -> i < 40 ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY);
        cases.add(OpCase.close(1, new Reduce(kind, -1), infinite));
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      Reduce.Kind[] kinds = Reduce.Kind.values();
      Reduce.Kind kind = kinds[random.nextInt(kinds.length)];
      long[] extents = Cases.extents(random, 1);
      int axis = random.nextInt(-extents.length, extents.length);
      int positive = axis < 0 ? axis + extents.length : axis;
      if (kind != Reduce.Kind.SUM) {
        extents[positive] = Math.max(1, extents[positive]);
      }
      return of(kind, axis, random, extents);
    }

    private static OpCase of(Reduce.Kind kind, int axis, RandomGenerator random, long... extents) {
      HostTensor x = HostTensor.normal(random, DType.F32, extents);
      long length = x.spec().shape().extent(axis);
      return OpCase.close(
          kind == Reduce.Kind.SUM ? Math.max(1.0, (double) length) : 1.0,
          new Reduce(kind, axis),
          x);
    }
  }

  private record ArgReduceCases() implements Cases {
    @Override
    public String name() {
      return "arg_reduce";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (ArgReduce.Kind kind : ArgReduce.Kind.values()) {
        for (int extent : EXTENTS) {
          if (extent > 0) {
            cases.add(of(kind, -1, random, extent));
            cases.add(of(kind, -1, random, 3, extent));
            cases.add(of(kind, 0, random, extent, 5));
            cases.add(of(kind, 1, random, 2, extent, 3));
          }
        }
        cases.add(of(kind, -1, random, 0, 4));
        cases.add(OpCase.exact(new ArgReduce(kind, 0), ElementwiseCases.special(40)));
        for (int first : new int[] {0, 5, 31, 32, 69}) {
          // Two NaNs: the first of them counts. All equal: the first. Infinities: like numbers.
          cases.add(
              OpCase.exact(
                  new ArgReduce(kind, -1),
                  HostTensor.of(
                      TensorSpec.of(DType.F32, 3, 70),
                      i ->
                          i / 70 == 1
                              ? 2
                              : i % 70 < first
                                  ? i % 5
                                  : i / 70 == 0
                                      ? Float.NaN
                                      : i % 2 == 0
                                          ? Float.NEGATIVE_INFINITY
                                          : Float.POSITIVE_INFINITY)));
        }
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      ArgReduce.Kind kind = random.nextBoolean() ? ArgReduce.Kind.MAX : ArgReduce.Kind.MIN;
      long[] extents = Cases.extents(random, 1);
      int axis = random.nextInt(-extents.length, extents.length);
      int positive = axis < 0 ? axis + extents.length : axis;
      extents[positive] = Math.max(1, extents[positive]);
      return of(kind, axis, random, extents);
    }

    /** Half of the cases have many ties. */
    private static OpCase of(
        ArgReduce.Kind kind, int axis, RandomGenerator random, long... extents) {
      boolean ties = random.nextBoolean();
      return OpCase.exact(
          new ArgReduce(kind, axis),
          HostTensor.of(
              TensorSpec.of(DType.F32, extents),
              i -> ties ? random.nextInt(-3, 4) : random.nextGaussian()));
    }
  }
}
