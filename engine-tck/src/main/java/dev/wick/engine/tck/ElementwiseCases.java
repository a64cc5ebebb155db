package dev.wick.engine.tck;

import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Cast;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Select;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of the operations that look at one element at a time. */
final class ElementwiseCases {
  /** Numbers whose treatment IEEE 754 fixes. */
  static final float[] SPECIAL = {
    0f,
    -0f,
    1f,
    -1f,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    1e-40f,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    0.5f,
    65504f,
    65520f,
    1e-8f,
    -2.5f,
    3.5f,
    0x1p31f,
    -0x1.000002p31f,
    0x1p24f
  };

  private static final DType[] CASTS = {DType.F32, DType.F16, DType.BF16, DType.I32, DType.BOOL};

  private ElementwiseCases() {}

  static List<Cases> all() {
    return List.of(
        new UnaryCases(),
        new BinaryCases(),
        new CompareCases(),
        new SelectCases(),
        new CastCases());
  }

  static HostTensor special(long... extents) {
    return HostTensor.of(
        TensorSpec.of(DType.F32, extents), i -> SPECIAL[(int) (i % (long) SPECIAL.length)]);
  }

  private record UnaryCases() implements Cases {
    @Override
    public String name() {
      return "unary";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (Unary.Kind kind : Unary.Kind.values()) {
        for (int extent : EXTENTS) {
          cases.add(of(kind, random, extent));
        }
        cases.add(of(kind, random));
        cases.add(of(kind, random, 3, 0, 5));
        cases.add(of(kind, random, 5, 33, 7));
        cases.add(OpCase.close(1, new Unary(kind), specialFor(kind)));
      }
      for (Unary.Kind kind : List.of(Unary.Kind.SIN, Unary.Kind.COS)) {
        // Angles of rotary embeddings grow with the position.
        cases.add(OpCase.close(1, new Unary(kind), HostTensor.uniform(random, -4e4, 4e4, 515)));
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      Unary.Kind[] kinds = Unary.Kind.values();
      return of(kinds[random.nextInt(kinds.length)], random, Cases.extents(random, 0));
    }

    private static OpCase of(Unary.Kind kind, RandomGenerator random, long... extents) {
      HostTensor x =
          switch (kind) {
            case NEG, ABS, SQUARE, TANH, SIGMOID, SILU ->
                HostTensor.uniform(random, -30, 30, extents);
            case SIN, COS -> HostTensor.uniform(random, -100, 100, extents);
            case EXP -> HostTensor.uniform(random, -20, 20, extents);
            case SQRT, LOG -> HostTensor.uniform(random, 0, 100, extents);
            case RSQRT, RECIPROCAL -> HostTensor.uniform(random, 1e-3, 100, extents);
          };
      return OpCase.close(1, new Unary(kind), x);
    }

    /** The special numbers but those for which an operation leaves the result open. */
    private static HostTensor specialFor(Unary.Kind kind) {
      return HostTensor.of(
          TensorSpec.of(DType.F32, SPECIAL.length),
          i ->
              switch (kind) {
                // The formula gives NaN, its limit is 0.
                case SILU -> SPECIAL[i] == Float.NEGATIVE_INFINITY ? 0 : SPECIAL[i];
                // Angles beyond any position mean nothing in F32.
                case SIN, COS -> Math.abs(SPECIAL[i]) > 1e5 ? Math.signum(SPECIAL[i]) : SPECIAL[i];
                default -> SPECIAL[i];
              });
    }
  }

  private record BinaryCases() implements Cases {
    @Override
    public String name() {
      return "binary";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      int n = SPECIAL.length;
      for (Binary.Kind kind : Binary.Kind.values()) {
        for (int extent : EXTENTS) {
          cases.add(of(kind, DType.F32, random, new long[] {extent}, new long[] {extent}));
        }
        for (DType dtype : List.of(DType.F32, DType.I32)) {
          if (dtype == DType.I32 && kind == Binary.Kind.POW) {
            continue;
          }
          cases.add(of(kind, dtype, random, new long[] {5, 33}, new long[] {33}));
          cases.add(of(kind, dtype, random, new long[] {5, 33}, new long[] {5, 1}));
          cases.add(of(kind, dtype, random, new long[] {7, 1, 3}, new long[] {31, 1}));
          cases.add(of(kind, dtype, random, new long[] {}, new long[] {4, 5}));
          cases.add(of(kind, dtype, random, new long[] {4, 5}, new long[] {}));
          cases.add(of(kind, dtype, random, new long[] {0, 5}, new long[] {1, 5}));
          cases.add(of(kind, dtype, random, new long[] {2, 3, 4, 5}, new long[] {3, 1, 5}));
        }
        if (kind != Binary.Kind.POW) {
          cases.add(OpCase.close(1, new Binary(kind), special(n, 1), special(1, n)));
        }
      }
      int[] extremes = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 46341, -7};
      HostTensor integers =
          HostTensor.of(TensorSpec.of(DType.I32, extremes.length), i -> extremes[i]);
      for (Binary.Kind kind :
          List.of(
              Binary.Kind.ADD,
              Binary.Kind.SUB,
              Binary.Kind.MUL,
              Binary.Kind.MAX,
              Binary.Kind.MIN)) {
        HostTensor column =
            new HostTensor(TensorSpec.of(DType.I32, extremes.length, 1), integers.bytes());
        cases.add(OpCase.exact(new Binary(kind), integers, column));
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      Binary.Kind[] kinds = Binary.Kind.values();
      Binary.Kind kind = kinds[random.nextInt(kinds.length)];
      DType dtype = kind != Binary.Kind.POW && random.nextInt(3) == 0 ? DType.I32 : DType.F32;
      long[] shape = Cases.extents(random, 0);
      boolean swap = random.nextBoolean();
      long[] smaller = shrunk(random, shape);
      return of(kind, dtype, random, swap ? smaller : shape, swap ? shape : smaller);
    }

    private static OpCase of(
        Binary.Kind kind, DType dtype, RandomGenerator random, long[] a, long[] b) {
      Binary op = new Binary(kind);
      if (dtype == DType.I32) {
        return OpCase.exact(
            op,
            HostTensor.of(TensorSpec.of(dtype, a), i -> random.nextInt(-99, 100)),
            HostTensor.of(TensorSpec.of(dtype, b), i -> 1 + random.nextInt(99)));
      }
      boolean positive = kind == Binary.Kind.POW || kind == Binary.Kind.DIV;
      return OpCase.close(
          1,
          op,
          positive ? HostTensor.uniform(random, 0.1, 5, a) : HostTensor.normal(random, dtype, a),
          positive ? HostTensor.uniform(random, 0.1, 5, b) : HostTensor.normal(random, dtype, b));
    }
  }

  /** Extents that broadcast to others: some are 1, and leading ones may be missing. */
  static long[] shrunk(RandomGenerator random, long[] extents) {
    int from = random.nextInt(3) == 0 ? random.nextInt(extents.length + 1) : 0;
    long[] result = new long[extents.length - from];
    for (int i = 0; i < result.length; i++) {
      result[i] = random.nextInt(3) == 0 ? 1 : extents[from + i];
    }
    return result;
  }

  private record CompareCases() implements Cases {
    @Override
    public String name() {
      return "compare";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (Compare.Kind kind : Compare.Kind.values()) {
        for (DType dtype : List.of(DType.F32, DType.I32)) {
          for (int extent : EXTENTS) {
            cases.add(of(kind, dtype, random, new long[] {extent}, new long[] {extent}));
          }
          cases.add(of(kind, dtype, random, new long[] {33}, new long[] {5, 1}));
          cases.add(of(kind, dtype, random, new long[] {}, new long[] {3, 2}));
          cases.add(of(kind, dtype, random, new long[] {}, new long[] {}));
        }
        cases.add(
            OpCase.exact(new Compare(kind), special(SPECIAL.length, 1), special(SPECIAL.length)));
      }
      // Neighbours that are equal once they are rounded to F32.
      int[] large = {16777216, 16777217, Integer.MAX_VALUE, Integer.MAX_VALUE - 1};
      HostTensor row = HostTensor.of(TensorSpec.of(DType.I32, 4), i -> large[i]);
      HostTensor column = new HostTensor(TensorSpec.of(DType.I32, 4, 1), row.bytes());
      cases.add(OpCase.exact(new Compare(Compare.Kind.EQ), row, column));
      cases.add(OpCase.exact(new Compare(Compare.Kind.LT), row, column));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      Compare.Kind[] kinds = Compare.Kind.values();
      long[] shape = Cases.extents(random, 0);
      return of(
          kinds[random.nextInt(kinds.length)],
          random.nextBoolean() ? DType.F32 : DType.I32,
          random,
          shape,
          shrunk(random, shape));
    }

    private static OpCase of(
        Compare.Kind kind, DType dtype, RandomGenerator random, long[] a, long[] b) {
      return OpCase.exact(
          new Compare(kind),
          HostTensor.of(TensorSpec.of(dtype, a), i -> random.nextInt(-2, 3)),
          HostTensor.of(TensorSpec.of(dtype, b), i -> random.nextInt(-2, 3)));
    }
  }

  private record SelectCases() implements Cases {
    @Override
    public String name() {
      return "select";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : List.of(DType.F32, DType.I32)) {
        for (int n : EXTENTS) {
          long[] same = {n};
          cases.add(of(dtype, random, same, same, same));
        }
        cases.add(of(dtype, random, new long[] {5, 1}, new long[] {33}, new long[] {5, 33}));
        cases.add(of(dtype, random, new long[] {5, 33}, new long[] {}, new long[] {1}));
        cases.add(of(dtype, random, new long[] {}, new long[] {3, 1}, new long[] {4}));
      }
      HostTensor conditions = condition(random, 7, 1);
      cases.add(
          OpCase.exact(
              new Select(),
              conditions,
              special(SPECIAL.length),
              HostTensor.normal(random, DType.F32, 7, SPECIAL.length)));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      long[] shape = Cases.extents(random, 0);
      return of(
          random.nextBoolean() ? DType.F32 : DType.I32,
          random,
          shrunk(random, shape),
          shape,
          shrunk(random, shape));
    }

    private static HostTensor condition(RandomGenerator random, long... extents) {
      return HostTensor.of(TensorSpec.of(DType.BOOL, extents), i -> random.nextInt(2));
    }

    private static OpCase of(DType dtype, RandomGenerator random, long[] c, long[] a, long[] b) {
      return OpCase.exact(
          new Select(),
          condition(random, c),
          HostTensor.of(TensorSpec.of(dtype, a), i -> random.nextInt()),
          HostTensor.of(TensorSpec.of(dtype, b), i -> random.nextInt()));
    }
  }

  private record CastCases() implements Cases {
    @Override
    public String name() {
      return "cast";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType from : CASTS) {
        for (DType to : CASTS) {
          for (int extent : new int[] {0, 1, 31, 33, 129}) {
            cases.add(of(from, to, random, extent));
          }
          cases.add(of(from, to, random));
          cases.add(of(from, to, random, 3, 5, 7));
        }
      }
      for (DType to : CASTS) {
        cases.add(OpCase.exact(new Cast(to), special(SPECIAL.length)));
        // Halfway between two numbers of the narrow type, where rounding to even shows.
        cases.add(
            OpCase.exact(
                new Cast(to),
                HostTensor.of(
                    TensorSpec.of(DType.F32, 300),
                    i -> Float.intBitsToFloat(0x3f800000 + (i - 150) * 0x800))));
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(
          CASTS[random.nextInt(CASTS.length)],
          CASTS[random.nextInt(CASTS.length)],
          random,
          Cases.extents(random, 0));
    }

    private static OpCase of(DType from, DType to, RandomGenerator random, long... extents) {
      return OpCase.exact(
          new Cast(to),
          HostTensor.of(
              TensorSpec.of(from, extents),
              i ->
                  from == DType.BOOL || random.nextInt(8) == 0
                      ? random.nextInt(2)
                      : random.nextGaussian() * 50));
    }
  }
}
