package dev.wick.engine.tck;

import dev.wick.engine.op.Dequantize;
import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.QuantizedMatMul;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Quantization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of operations on quantised matrices, for every type. */
final class QuantizedCases {
  private static final List<DType> TYPES =
      Arrays.stream(DType.values()).filter(DType::isQuantized).toList();

  private QuantizedCases() {}

  static List<Cases> all() {
    return List.of(
        new DequantizeCases(),
        new QuantizedGatherCases(),
        new QuantizedMatMulCases(),
        new QuantizedExpertCases());
  }

  /** Any blocks whose numbers are about as large as normally distributed ones, and finite. */
  static HostTensor blocks(RandomGenerator random, DType dtype, long... extents) {
    HostTensor blocks = HostTensor.bits(random, dtype, extents);
    double size =
        switch (dtype) {
          case Q8_0, IQ4_NL -> 1.0 / 64;
          case Q4_0, Q4_1 -> 1.0 / 6;
          case Q5_0, Q5_1 -> 1.0 / 12;
          case Q2_K -> 1.0 / 20;
          case Q3_K -> 1.0 / 64;
          case Q4_K -> 1.0 / 400;
          case Q5_K -> 1.0 / 800;
          case Q6_K -> 1.0 / 2000;
          default ->
              throw new IllegalArgumentException("blocks: expected a quantised type, got " + dtype);
        };
    for (int at = 0; at < blocks.bytes().length; at += dtype.blockBytes()) {
      switch (dtype) {
        case Q4_1, Q5_1, Q4_K, Q5_K -> {
          putHalf(blocks.bytes(), at, random.nextGaussian() * size);
          putHalf(blocks.bytes(), at + 2, random.nextGaussian() * Math.min(1, size * 12));
        }
        case Q2_K -> {
          putHalf(blocks.bytes(), at + 80, random.nextGaussian() * size);
          putHalf(blocks.bytes(), at + 82, random.nextGaussian() * size);
        }
        case Q3_K -> putHalf(blocks.bytes(), at + 108, random.nextGaussian() * size);
        case Q6_K -> putHalf(blocks.bytes(), at + 208, random.nextGaussian() * size);
        default -> putHalf(blocks.bytes(), at, random.nextGaussian() * size);
      }
    }
    return blocks;
  }

  /** A quantised tensor in F32; any other as it is. */
  static HostTensor expanded(HostTensor tensor) {
    if (!tensor.dtype().isQuantized()) {
      return tensor;
    }
    HostTensor wide = HostTensor.zeros(tensor.spec().withDType(DType.F32));
    Quantization.decode(tensor.dtype(), tensor.segment(), 0, wide.segment(), 0, tensor.size());
    return wide;
  }

  static void putHalf(byte[] bytes, int at, double value) {
    short half = Float.floatToFloat16((float) value);
    bytes[at] = (byte) half;
    bytes[at + 1] = (byte) (half >> Byte.SIZE);
  }

  private static DType any(RandomGenerator random, List<DType> types) {
    return types.get(random.nextInt(types.size()));
  }

  private record DequantizeCases() implements Cases {
    @Override
    public String name() {
      return "dequantize";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : TYPES) {
        int block = dtype.blockElements();
        cases.add(of(random, dtype, block));
        cases.add(of(random, dtype, 3, 2L * block));
        cases.add(of(random, dtype, 0, block));
        cases.add(of(random, dtype, 5, 7, 3L * block));
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      DType dtype = QuantizedCases.any(random, TYPES);
      return of(
          random, dtype, random.nextInt(9), (long) dtype.blockElements() * (1 + random.nextInt(5)));
    }

    private static OpCase of(RandomGenerator random, DType dtype, long... extents) {
      return OpCase.close(1, new Dequantize(), blocks(random, dtype, extents));
    }
  }

  private record QuantizedGatherCases() implements Cases {
    @Override
    public String name() {
      return "gather of blocks";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : TYPES) {
        cases.add(of(random, dtype, 1, 31, 7));
        cases.add(of(random, dtype, 3, 5, 2, 3));
        cases.add(of(random, dtype, 2, 7, 0));
        cases.add(of(random, dtype, 1, 9));
      }
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(
          random,
          QuantizedCases.any(random, TYPES),
          1 + random.nextInt(3),
          1 + random.nextInt(40),
          random.nextInt(9));
    }

    private static OpCase of(
        RandomGenerator random, DType dtype, int blocks, long rows, long... indices) {
      return OpCase.exact(
          new Gather(),
          blocks(random, dtype, rows, (long) blocks * dtype.blockElements()),
          HostTensor.indices(random, rows, indices));
    }
  }

  private record QuantizedMatMulCases() implements Cases {
    /** Rows of x, blocks per row of the weight, rows of the weight. */
    private static final int[][] SIZES = {
      {1, 1, 1},
      {1, 3, 33},
      {1, 5, 64},
      {2, 1, 31},
      {3, 2, 32},
      {4, 2, 65},
      {5, 3, 16},
      {8, 2, 96},
      {16, 1, 47},
      {17, 2, 33},
      {70, 1, 130},
      {0, 1, 5},
      {3, 1, 0}
    };

    @Override
    public String name() {
      return "quantized_mat_mul";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : TYPES) {
        for (int[] size : SIZES) {
          cases.add(of(random, dtype, true, size[1], size[2], size[0]));
          cases.add(of(random, dtype, false, size[1], size[2], size[0]));
        }
        cases.add(of(random, dtype, true, 1, 5, 2, 3));
        cases.add(of(random, dtype, false, 1, 6, 2, 2));
      }
      cases.add(of(random, DType.Q8_0, true, 28, 70, 1));
      cases.add(of(random, DType.Q4_0, true, 28, 70, 1));
      cases.add(of(random, DType.Q4_0, true, 28, 70, 9));
      cases.add(of(random, DType.Q4_0, true, 14, 70, 40));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      return of(
          random,
          QuantizedCases.any(random, TYPES),
          random.nextInt(3) > 0,
          1 + random.nextInt(3),
          Cases.extent(random),
          Cases.extent(random));
    }

    private static OpCase of(
        RandomGenerator random, DType dtype, boolean transposed, int blocks, int n, long... rows) {
      long k = (long) blocks * dtype.blockElements();
      long[] x = Arrays.copyOf(rows, rows.length + 1);
      x[rows.length] = transposed ? k : n;
      return OpCase.close(
          // Scales and offsets are added up apart, and large ones cancel.
          8 + 4.0 * (transposed ? k : n),
          new QuantizedMatMul(transposed),
          HostTensor.normal(random, DType.F32, x),
          blocks(random, dtype, n, k));
    }
  }

  private record QuantizedExpertCases() implements Cases {
    @Override
    public String name() {
      return "expert_mat_mul of blocks";
    }

    @Override
    public List<OpCase> chosen(RandomGenerator random) {
      List<OpCase> cases = new ArrayList<>();
      for (DType dtype : TYPES) {
        cases.add(of(random, dtype, false, 1, 4, 1, 1, 17, 8));
        cases.add(of(random, dtype, false, 7, 2, 2, 2, 5, 3));
        cases.add(of(random, dtype, true, 3, 2, 1, 1, 6, 4));
      }
      cases.add(of(random, DType.Q8_0, false, 33, 3, 3, 2, 33, 5));
      cases.add(of(random, DType.Q4_0, false, 70, 2, 1, 3, 64, 4));
      cases.add(of(random, DType.Q4_K, false, 0, 2, 1, 1, 8, 4));
      return cases;
    }

    @Override
    public OpCase any(RandomGenerator random) {
      int slots = 1 + random.nextInt(3);
      return of(
          random,
          QuantizedCases.any(random, TYPES),
          random.nextBoolean(),
          random.nextInt(12),
          slots,
          random.nextBoolean() ? 1 : slots,
          1 + random.nextInt(2),
          1 + random.nextInt(40),
          1 + random.nextInt(5));
    }

    private static OpCase of(
        RandomGenerator random,
        DType dtype,
        boolean flipped,
        int tokens,
        int slots,
        int inputs,
        int blocks,
        int rows,
        int experts) {
      long columns = (long) blocks * dtype.blockElements();
      long in = flipped ? rows : columns;
      List<HostTensor> operands = new ArrayList<>();
      operands.add(HostTensor.normal(random, DType.F32, tokens, inputs, in));
      operands.add(HostTensor.indices(random, experts, tokens, slots));
      for (int i = 0; i < experts; i++) {
        operands.add(blocks(random, dtype, rows, columns));
      }
      return new OpCase(new ExpertMatMul(flipped), operands, new Tolerance(8 + 4.0 * in), true);
    }
  }
}
