package dev.wick.engine.tck;

import dev.wick.engine.op.LoraMatMul;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of adapters on ragged batches. */
record LoraCases() implements Cases {
  /** An adapter on a run of rows. */
  private record Use(int first, int rows, int rank, boolean rescale, boolean bias) {
    static Use of(int first, int rows, int rank) {
      return new Use(first, rows, rank, false, false);
    }

    Use dora() {
      return new Use(first, rows, rank, true, bias);
    }

    Use biased() {
      return new Use(first, rows, rank, rescale, true);
    }
  }

  @Override
  public String name() {
    return "lora_mat_mul";
  }

  @Override
  public List<OpCase> chosen(RandomGenerator random) {
    List<OpCase> cases = new ArrayList<>();
    cases.add(of(random, 1, 1, 1, 1, Use.of(0, 1, 1)));
    for (int extent : EXTENTS) {
      cases.add(of(random, 3, extent, 33, 4, Use.of(0, 3, 4)));
      cases.add(of(random, 2, 33, extent, 4, Use.of(1, 1, 3).dora().biased()));
      cases.add(of(random, extent, 16, 32, 2, Use.of(0, extent, 2)));
    }
    for (int rank : new int[] {0, 1, 7, 8, 16, 31, 64}) {
      cases.add(of(random, 5, 64, 96, rank, Use.of(1, 3, rank)));
    }
    // Large enough to be divided.
    cases.add(of(random, 1, 896, 2304, 64, Use.of(0, 1, 64).biased()));
    cases.add(of(random, 70, 256, 320, 16, Use.of(0, 33, 16), Use.of(33, 37, 8).dora()));
    // Rows with different adapters, with none, with several.
    Use[] each = new Use[16];
    for (int i = 0; i < each.length; i++) {
      each[i] = Use.of(i, 1, 1 + i % 8);
    }
    cases.add(of(random, 16, 128, 256, 8, each));
    cases.add(of(random, 9, 48, 80, 8, Use.of(0, 2, 8), Use.of(5, 3, 2)));
    cases.add(of(random, 9, 48, 80, 8, Use.of(0, 7, 8), Use.of(5, 4, 2), Use.of(6, 1, 5)));
    cases.add(
        of(random, 9, 31, 33, 8, Use.of(0, 7, 8).dora(), Use.of(3, 4, 2), Use.of(5, 4, 3).dora()));
    cases.add(of(random, 6, 32, 48, 4, Use.of(0, 6, 0).dora().biased(), Use.of(2, 2, 0)));
    // No use, none that is used, and nothing to use.
    cases.add(of(random, 3, 8, 8, 4));
    cases.add(of(random, 3, 8, 8, 4, Use.of(0, 0, 4), Use.of(3, 0, 4).dora()));
    return cases;
  }

  @Override
  public OpCase any(RandomGenerator random) {
    int tokens = random.nextInt(30);
    int maxRank = random.nextInt(20);
    Use[] uses = new Use[random.nextInt(6)];
    for (int i = 0; i < uses.length; i++) {
      int first = random.nextInt(tokens + 1);
      uses[i] =
          new Use(
              first,
              random.nextInt(tokens - first + 1),
              random.nextInt(maxRank + 1),
              random.nextInt(3) == 0,
              random.nextInt(3) == 0);
    }
    return of(random, tokens, Cases.extent(random), Cases.extent(random), maxRank, uses);
  }

  /** Two adapters of rank 3 and 2 on four rows, to be spoiled. */
  static OpCase small(RandomGenerator random) {
    return of(
        random, 4, 16, 32, 3, Use.of(0, 3, 3).dora().biased(), Use.of(2, 2, 2).dora().biased());
  }

  private static OpCase of(
      RandomGenerator random, int tokens, int in, int out, int maxRank, Use... uses) {
    int unit = LoraMatMul.UNIT;
    int[] places = new int[5 * uses.length];
    int next = random.nextInt(3);
    List<int[]> taken = new ArrayList<>();
    for (int i = 0; i < uses.length; i++) {
      Use use = uses[i];
      boolean absent = use.rows() == 0;
      int[] lengths = {use.rank() * in, use.rank() * out, 0, out, out};
      for (int part = 0; part < lengths.length; part++) {
        int at = 5 * i + part;
        boolean without = (part == 3 && !use.rescale()) || (part == 4 && !use.bias());
        if (part == 2) {
          places[at] = absent ? random.nextInt() : use.rank();
        } else if (absent) {
          places[at] = random.nextInt(); // nobody looks
        } else if (without) {
          places[at] = -1;
        } else {
          places[at] = use.rank() == 0 && part < 2 ? 0 : next;
          taken.add(new int[] {unit * next, unit * next + lengths[part]});
          next += (lengths[part] + unit - 1) / unit + random.nextInt(2);
        }
      }
    }
    int slack = random.nextBoolean() ? unit : 1 + random.nextInt(5);
    boolean[] filled = new boolean[unit * next + slack];
    for (int[] range : taken) {
      Arrays.fill(filled, range[0], range[1], true);
    }
    double scale = 1 / Math.sqrt(Math.max(1, in));
    return OpCase.close(
            in + 3.0 * maxRank + 8 * uses.length + 4,
            new LoraMatMul(maxRank),
            HostTensor.uniform(random, -scale, scale, tokens, in),
            HostTensor.normal(random, DType.F32, tokens, out),
            // What no use names holds NaN, as an adapter that is gone may leave it.
            HostTensor.of(
                TensorSpec.of(DType.F32, filled.length),
                i -> filled[i] ? random.nextGaussian() : Double.NaN),
            HostTensor.of(
                TensorSpec.of(DType.I32, uses.length, 2),
                i -> i % 2 == 0 ? uses[i / 2].first() : uses[i / 2].rows()),
            HostTensor.of(TensorSpec.of(DType.I32, uses.length, 5), i -> places[i]),
            HostTensor.uniform(random, -2, 2, uses.length))
        .notRepeatable();
  }
}
