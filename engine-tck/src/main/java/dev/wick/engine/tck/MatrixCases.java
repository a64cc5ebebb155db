package dev.wick.engine.tck;

import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of matrix products. */
final class MatrixCases {
  private static final List<DType> WEIGHTS = List.of(DType.F32, DType.BF16, DType.F16);

  private MatrixCases() {}

  static List<Cases> all() {
    return List.of(new MatMulCases(), new ExpertMatMulCases());
  }

  private record MatMulCases() implements Cases {
    /** m, k, n. */
    private static final int[][] SIZES = {
      {1, 1, 1}, {1, 896, 64}, {2, 257, 33}, {1, 1031, 7}, {3, 64, 129}, {4, 5, 6}, {31, 32, 33},
      {33, 31, 32}, {64, 64, 64}, {65, 7, 127}, {127, 33, 1}, {129, 16, 17}, {5, 0, 3}, {0, 4, 3},
      {3, 4, 0}, {8, 512, 8}, {17, 130, 96}
    };

    @Override
    public String name() {
      return "mat_mul";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : WEIGHTS) {
        for (int[] size : SIZES) {
          cases.add(of(random, dtype, size[1], new long[] {size[0], size[1]}, size[1], size[2]));
        }
        for (int k : EXTENTS) {
          cases.add(of(random, dtype, k, new long[] {1, k}, k, 5));
          cases.add(of(random, dtype, k, new long[] {6, k}, k, 9));
        }
        cases.add(of(random, dtype, 5, new long[] {2, 3, 4, 5}, 3, 5, 6));
        cases.add(of(random, dtype, 5, new long[] {3, 4, 5}, 2, 1, 5, 6));
        cases.add(of(random, dtype, 9, new long[] {4, 9}, 3, 9, 2));
        cases.add(of(random, dtype, 33, new long[] {2, 0, 33}, 33, 7));
        cases.add(of(random, dtype, 33, new long[] {0, 2, 33}, 33, 7));
      }
      HostTensor special = ElementwiseCases.special(ElementwiseCases.SPECIAL.length, 1);
      cases.add(OpCase.close(1, new MatMul(), special, HostTensor.normal(random, DType.F32, 1, 5)));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      DType dtype = WEIGHTS.get(random.nextInt(WEIGHTS.size()));
      int k = Cases.extent(random);
      long[] batch = Cases.extents(random, 0);
      long[] shape = new long[random.nextInt(3)];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = Math.min(3, batch.length > i ? batch[i] : 2);
      }
      boolean swap = random.nextBoolean();
      long[] other = ElementwiseCases.shrunk(random, shape);
      return of(
          random,
          dtype,
          k,
          append(swap ? other : shape, Cases.extent(random), k),
          append(swap ? shape : other, k, Cases.extent(random)));
    }

    private static long[] append(long[] extents, long rows, long columns) {
      long[] result = java.util.Arrays.copyOf(extents, extents.length + 2);
      result[extents.length] = rows;
      result[extents.length + 1] = columns;
      return result;
    }

    private static OpCase of(RandomGenerator random, DType dtype, int k, long[] a, long... b) {
      return OpCase.close(
          Math.max(1, k),
          new MatMul(),
          HostTensor.normal(random, DType.F32, a),
          HostTensor.normal(random, dtype, b));
    }
  }

  private record ExpertMatMulCases() implements Cases {
    @Override
    public String name() {
      return "expert_mat_mul";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : WEIGHTS) {
        cases.add(of(random, dtype, 1, 1, 1, 1, 1, 1));
        cases.add(of(random, dtype, 1, 4, 1, 33, 17, 8));
        cases.add(of(random, dtype, 1, 4, 4, 64, 32, 60));
        cases.add(of(random, dtype, 7, 2, 1, 31, 5, 3));
        cases.add(of(random, dtype, 33, 3, 3, 32, 9, 5));
        cases.add(of(random, dtype, 70, 2, 1, 16, 24, 4));
        cases.add(of(random, dtype, 0, 2, 1, 8, 8, 4));
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      int slots = 1 + random.nextInt(4);
      return of(
          random,
          WEIGHTS.get(random.nextInt(WEIGHTS.size())),
          random.nextInt(40),
          slots,
          random.nextBoolean() ? 1 : slots,
          1 + random.nextInt(70),
          1 + random.nextInt(40),
          1 + random.nextInt(9));
    }

    private static OpCase of(
        RandomGenerator random,
        DType dtype,
        int tokens,
        int slots,
        int inputs,
        int in,
        int out,
        int experts) {
      List<HostTensor> operands = new ArrayList<>();
      operands.add(HostTensor.normal(random, DType.F32, tokens, inputs, in));
      operands.add(HostTensor.indices(random, experts, tokens, slots));
      for (int i = 0; i < experts; i++) {
        operands.add(HostTensor.normal(random, dtype, out, in));
      }
      return new OpCase(new ExpertMatMul(), operands, new Tolerance(in), true);
    }
  }
}
