package dev.wick.engine.tck;

import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of the operations that move elements, or make them from nothing. */
final class MovementCases {
  /** Types of which any bits are a value. */
  private static final DType[] PLAIN = {
    DType.F32,
    DType.F16,
    DType.BF16,
    DType.I32,
    DType.F64,
    DType.I64,
    DType.I16,
    DType.I8,
    DType.U8,
    DType.F8_E4M3
  };

  private MovementCases() {}

  static List<Cases> all() {
    return List.of(new CopyCases(), new GatherCases(), new ScatterCases(), new IotaCases());
  }

  private record CopyCases() implements Cases {
    @Override
    public String name() {
      return "copy";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : PLAIN) {
        cases.add(of(random, dtype, 0, new long[] {}));
        cases.add(of(random, dtype, 0, new long[] {129}));
        cases.add(of(random, dtype, 5, new long[] {3, 33}));
        cases.add(of(random, dtype, -1, new long[] {2, 3, 4}, new long[] {2, 3, 1}));
        cases.add(of(random, dtype, 0, new long[] {3, 5}, new long[] {0, 5}, new long[] {31, 5}));
        cases.add(of(random, dtype, 1, new long[] {2, 33, 3}, new long[] {2, 7, 3}));
        cases.add(of(random, dtype, 0, new long[] {0, 5}, new long[] {0, 5}));
      }
      cases.add(
          OpCase.exact(
              new Copy(0),
              HostTensor.of(TensorSpec.of(DType.BOOL, 5, 7), i -> i % 3),
              HostTensor.of(TensorSpec.of(DType.BOOL, 2, 7), i -> i % 2)));
      for (int extent : EXTENTS) {
        cases.add(of(random, DType.F32, 0, new long[] {extent}));
        cases.add(of(random, DType.F32, 1, new long[] {3, extent}, new long[] {3, 2}));
      }
      HostTensor one = HostTensor.normal(random, DType.F32, 4, 3);
      cases.add(OpCase.exact(new Copy(0), one, one, one, one, one, one, one, one, one));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      DType dtype = PLAIN[random.nextInt(PLAIN.length)];
      long[] extents = Cases.extents(random, 1);
      int axis = random.nextInt(extents.length);
      long[][] parts = new long[1 + random.nextInt(4)][];
      for (int i = 0; i < parts.length; i++) {
        parts[i] = extents.clone();
        parts[i][axis] = random.nextInt(6);
      }
      parts[0] = extents;
      return of(random, dtype, random.nextBoolean() ? axis : axis - extents.length, parts);
    }

    private static OpCase of(RandomGenerator random, DType dtype, int axis, long[]... parts) {
      HostTensor[] operands = new HostTensor[parts.length];
      for (int i = 0; i < parts.length; i++) {
        operands[i] = HostTensor.bits(random, dtype, parts[i]);
      }
      return OpCase.exact(new Copy(axis), operands);
    }
  }

  private record GatherCases() implements Cases {
    @Override
    public String name() {
      return "gather";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : PLAIN) {
        cases.add(of(random, dtype, new long[] {31, 33}, 7));
        cases.add(of(random, dtype, new long[] {5}, 2, 3));
        cases.add(of(random, dtype, new long[] {7, 2, 3}, 9));
        cases.add(of(random, dtype, new long[] {7, 2, 3}));
        cases.add(of(random, dtype, new long[] {7, 5}, 0));
        cases.add(of(random, dtype, new long[] {7, 0}, 3));
      }
      for (int extent : EXTENTS) {
        cases.add(of(random, DType.F32, new long[] {11, extent}, 13));
        cases.add(of(random, DType.BF16, new long[] {11, 5}, extent));
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      long[] table = Cases.extents(random, 1);
      table[0] = Math.max(1, table[0]);
      long[] indices = new long[random.nextInt(4)];
      for (int i = 0; i < indices.length; i++) {
        indices[i] = random.nextInt(9);
      }
      return of(random, PLAIN[random.nextInt(PLAIN.length)], table, indices);
    }

    private static OpCase of(RandomGenerator random, DType dtype, long[] table, long... extents) {
      HostTensor drawn = HostTensor.indices(random, table[0], extents);
      // The first row is taken twice, so that its gradients have to be added.
      HostTensor indices =
          HostTensor.of(drawn.spec(), i -> drawn.number(i == drawn.size() - 1 ? 0 : i));
      return OpCase.exact(new Gather(), HostTensor.bits(random, dtype, table), indices);
    }
  }

  private record ScatterCases() implements Cases {
    @Override
    public String name() {
      return "scatter";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (Scatter.Mode mode : Scatter.Mode.values()) {
        cases.add(of(random, mode, 5, 9));
        cases.add(of(random, mode, 5, 9, 2, 3));
        cases.add(of(random, mode, 0, 9, 4));
        cases.add(of(random, mode, 9, 9, 0));
        cases.add(of(random, mode, 1, 64, 2, 64));
        cases.add(of(random, mode, 33, 64, 2, 7));
        for (int extent : EXTENTS) {
          cases.add(of(random, mode, Math.min(7, extent), 7, extent));
        }
      }
      cases.add(packed(random, 1, 5, 32));
      cases.add(packed(random, 5, 9, 2, 64));
      cases.add(packed(random, 0, 9, 32));
      cases.add(packed(random, 33, 64, 3, 96));
      cases.add(packed(random, 129, 129, 2, 2, 32));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      if (random.nextInt(4) == 0) {
        int all = 1 + random.nextInt(40);
        long width = 32L * (1 + random.nextInt(5));
        return packed(random, random.nextInt(1 + all), all, 1 + random.nextInt(3), width);
      }
      long[] table = Cases.extents(random, 1);
      table[0] = Math.max(1, table[0]);
      Scatter.Mode mode = random.nextBoolean() ? Scatter.Mode.SET : Scatter.Mode.ADD;
      int rows = random.nextInt(1 + (int) Math.min(40, table[0]));
      return of(random, mode, rows, table);
    }

    /**
     * Rows that are packed: of numbers near each other, of such as lie halfway between two
     * integers, of zeros, of some that are no number or too large to be packed.
     */
    private static OpCase packed(RandomGenerator random, int rows, long... table) {
      long[] updates = table.clone();
      updates[0] = rows;
      return OpCase.exact(
              new Scatter(Scatter.Mode.SET),
              QuantizedCases.blocks(random, DType.Q8_0, table),
              eachOnce(random, rows, table[0]),
              HostTensor.of(
                  TensorSpec.of(DType.F32, updates),
                  i ->
                      switch (i / 32 % 7) {
                        case 0, 1, 2 -> random.nextGaussian();
                        case 3 -> i % 32 == 0 ? 127 : random.nextInt(-126, 126) + 0.5;
                        case 4 -> i % 9 == 0 ? 0.0 : -0.0;
                        case 5 -> random.nextGaussian() * (i % 64 == 0 ? 1e38 : 1e-6);
                        default ->
                            i % 40 == 0
                                ? new double[] {Double.NaN, Double.NEGATIVE_INFINITY, 1e-44}
                                    [random.nextInt(3)]
                                : random.nextGaussian() * 1e4;
                      }))
          .notRepeatable();
    }

    private static HostTensor eachOnce(RandomGenerator random, int rows, long all) {
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < all; i++) {
        order.add(random.nextInt(i + 1), i);
      }
      return HostTensor.of(TensorSpec.of(DType.I32, rows), i -> order.get(i % order.size()));
    }

    /** SET hits each row at most once: which of two updates would stay is open. */
    private static OpCase of(RandomGenerator random, Scatter.Mode mode, int rows, long... table) {
      long[] updates = table.clone();
      updates[0] = rows;
      HostTensor indices =
          mode == Scatter.Mode.ADD
              ? HostTensor.indices(random, table[0], rows)
              : eachOnce(random, rows, table[0]);
      OpCase result =
          OpCase.close(
              mode == Scatter.Mode.ADD ? rows + 1 : 0,
              new Scatter(mode),
              HostTensor.normal(random, DType.F32, table),
              indices,
              HostTensor.normal(random, DType.F32, updates));
      return result.notRepeatable();
    }
  }

  private record IotaCases() implements Cases {
    @Override
    public String name() {
      return "iota";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (int extent : EXTENTS) {
        cases.add(OpCase.exact(new Iota(DType.I32, extent, -3, 2)));
        cases.add(OpCase.exact(new Iota(DType.I32, extent, 0, 1)));
        cases.add(OpCase.close(1, new Iota(DType.F32, extent, 0.5, -0.25)));
        cases.add(OpCase.close(1, new Iota(DType.F32, extent, 1e-6, 0)));
      }
      cases.add(OpCase.exact(new Iota(DType.F32, 3, Double.NEGATIVE_INFINITY, 0)));
      cases.add(OpCase.exact(new Iota(DType.F32, 3, Double.POSITIVE_INFINITY, 0)));
      cases.add(OpCase.exact(new Iota(DType.F32, 3, Double.NaN, 0)));
      cases.add(OpCase.exact(new Iota(DType.I32, 3, Integer.MAX_VALUE, 0)));
      cases.add(OpCase.close(1, new Iota(DType.F32, 1 << 15, 0, 0.1)));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      int length = Cases.extent(random);
      return random.nextBoolean()
          ? OpCase.exact(
              new Iota(DType.I32, length, random.nextInt(-50, 50), random.nextInt(-5, 6)))
          : OpCase.close(
              1, new Iota(DType.F32, length, random.nextGaussian(), random.nextGaussian()));
    }
  }
}
