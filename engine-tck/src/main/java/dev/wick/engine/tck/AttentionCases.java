package dev.wick.engine.tck;

import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cases of attention over a paged cache, as ragged batches make them. */
record AttentionCases() implements Cases {
  /**
   * Dimensions of a case.
   *
   * @param slack entries of the block table that no sequence uses
   * @param interleaved whether the tokens of the sequences stand in any order
   * @param keyType type of the keys in the cache
   * @param valueType type of the values in the cache
   */
  private record Dimensions(
      int heads,
      int kvHeads,
      int headDim,
      int valueDim,
      int blockSize,
      int window,
      int slack,
      boolean interleaved,
      DType keyType,
      DType valueType) {
    static Dimensions of(int heads, int kvHeads, int headDim) {
      return new Dimensions(
          heads, kvHeads, headDim, headDim, 32, 0, 3, false, DType.F32, DType.F32);
    }

    Dimensions window(int positions) {
      return with(valueDim, blockSize, positions, interleaved, keyType, valueType);
    }

    Dimensions blocks(int size) {
      return with(valueDim, size, window, interleaved, keyType, valueType);
    }

    Dimensions values(int dim) {
      return with(dim, blockSize, window, interleaved, keyType, valueType);
    }

    Dimensions mixed() {
      return with(valueDim, blockSize, window, true, keyType, valueType);
    }

    Dimensions types(DType keys, DType values) {
      return with(valueDim, blockSize, window, interleaved, keys, values);
    }

    private Dimensions with(
        int dim, int size, int positions, boolean mixed, DType keys, DType values) {
      return new Dimensions(
          heads, kvHeads, headDim, dim, size, positions, slack, mixed, keys, values);
    }
  }

  /** Tokens of a sequence that are in the cache before the step, and tokens of the step. */
  private record Part(int past, int tokens) {}

  @Override
  public String name() {
    return "paged_attention";
  }

  @Override
  public List<OpCase> chosen(RandomGenerator random) {
    List<OpCase> cases = new ArrayList<>();
    Dimensions small = Dimensions.of(4, 2, 16);
    // One token alone, and decoding at and around the edges of blocks.
    cases.add(of(random, Dimensions.of(1, 1, 1), new Part(0, 1)));
    for (int past : new int[] {0, 1, 30, 31, 32, 33, 63, 64, 127, 129}) {
      cases.add(of(random, small, new Part(past, 1)));
    }
    // Prompts, whole and in parts.
    for (int tokens : new int[] {2, 31, 32, 33, 127, 200}) {
      cases.add(of(random, small, new Part(0, tokens)));
      cases.add(of(random, small, new Part(37, tokens)));
    }
    // Groups of query heads, and head sizes that fill no vector.
    for (int group = 1; group <= 8; group++) {
      cases.add(of(random, Dimensions.of(2 * group, 2, 8), new Part(5, 7)));
    }
    for (int headDim : new int[] {1, 3, 31, 33, 64, 128, 129}) {
      cases.add(of(random, Dimensions.of(2, 1, headDim), new Part(33, 3)));
    }
    cases.add(of(random, small.values(24), new Part(9, 9)));
    cases.add(of(random, small.values(5), new Part(40, 2)));
    // Batches.
    Part[] ragged = {new Part(0, 40), new Part(65, 1), new Part(31, 2), new Part(7, 1)};
    cases.add(of(random, small, ragged));
    cases.add(of(random, small.mixed(), ragged));
    cases.add(of(random, small.window(16), ragged));
    cases.add(of(random, small.mixed().window(33).blocks(7), ragged));
    Part[] decoding = new Part[19];
    for (int i = 0; i < decoding.length; i++) {
      decoding[i] = new Part(random.nextInt(90), 1);
    }
    cases.add(of(random, small, decoding));
    // Windows narrower than, equal to and wider than what there is.
    for (int window : new int[] {1, 2, 31, 32, 33, 64, 500}) {
      cases.add(of(random, small.window(window), new Part(0, 70)));
      cases.add(of(random, small.window(window), new Part(95, 1)));
    }
    for (int blockSize : new int[] {1, 2, 16, 64}) {
      cases.add(of(random, small.blocks(blockSize), new Part(0, 33), new Part(63, 2)));
    }
    // A long context.
    cases.add(of(random, Dimensions.of(2, 1, 16), new Part(2048, 1)));
    cases.add(of(random, Dimensions.of(2, 1, 16).window(700), new Part(1500, 3)));
    cases.add(none(random, small));
    addPacked(random, cases);
    return cases;
  }

  /** A cache in Q8_0, or half of it. */
  private static void addPacked(RandomGenerator random, List<OpCase> cases) {
    Dimensions packed = Dimensions.of(4, 2, 32).types(DType.Q8_0, DType.Q8_0);
    for (int past : new int[] {0, 31, 32, 100}) {
      cases.add(of(random, packed, new Part(past, 1)));
    }
    for (int tokens : new int[] {2, 16, 17, 33, 150}) {
      cases.add(of(random, packed, new Part(0, tokens)));
      cases.add(of(random, packed, new Part(37, tokens)));
    }
    Part[] ragged = {new Part(0, 40), new Part(65, 1), new Part(31, 2), new Part(7, 1)};
    cases.add(of(random, packed, ragged));
    cases.add(of(random, packed.mixed().window(33).blocks(7), ragged));
    cases.add(of(random, packed.window(16).blocks(70), ragged));
    cases.add(of(random, packed.values(96), ragged));
    for (int headDim : new int[] {64, 96, 128, 256}) {
      Dimensions wide = Dimensions.of(7, 1, headDim).types(DType.Q8_0, DType.Q8_0);
      cases.add(of(random, wide, new Part(33, 3), new Part(3, 20)));
    }
    cases.add(of(random, packed.types(DType.Q8_0, DType.F32).values(5), ragged));
    cases.add(of(random, Dimensions.of(3, 1, 5).values(64).types(DType.F32, DType.Q8_0), ragged));
    Dimensions single = Dimensions.of(2, 1, 32).types(DType.Q8_0, DType.Q8_0);
    cases.add(of(random, single, new Part(2048, 1)));
    cases.add(of(random, single.window(700), new Part(1500, 3)));
    cases.add(none(random, packed));
  }

  @Override
  public OpCase any(RandomGenerator random) {
    int kvHeads = 1 + random.nextInt(3);
    DType keys = random.nextInt(3) == 0 ? DType.Q8_0 : DType.F32;
    DType values = random.nextInt(3) == 0 ? DType.Q8_0 : DType.F32;
    Dimensions dimensions =
        new Dimensions(
            kvHeads * (1 + random.nextInt(8)),
            kvHeads,
            keys.isQuantized() ? 32 * (1 + random.nextInt(3)) : 1 + random.nextInt(40),
            values.isQuantized() ? 32 * (1 + random.nextInt(3)) : 1 + random.nextInt(40),
            1 + random.nextInt(40),
            random.nextBoolean() ? 0 : 1 + random.nextInt(60),
            random.nextInt(4),
            random.nextBoolean(),
            keys,
            values);
    Part[] parts = new Part[1 + random.nextInt(5)];
    for (int i = 0; i < parts.length; i++) {
      int past = random.nextInt(3) == 0 ? 0 : random.nextInt(100);
      parts[i] = new Part(past, random.nextBoolean() ? 1 : 1 + random.nextInt(40));
    }
    return of(random, dimensions, parts);
  }

  /** A few tokens of two sequences, to be spoiled. */
  static OpCase small(RandomGenerator random) {
    return of(random, Dimensions.of(4, 2, 16), new Part(33, 2), new Part(0, 3));
  }

  private static OpCase none(RandomGenerator random, Dimensions d) {
    return OpCase.close(
        d.headDim(),
        new PagedAttention(1, 0),
        HostTensor.normal(random, DType.F32, 0, d.heads(), d.headDim()),
        cache(random, d, new boolean[2 * d.blockSize()], d.headDim(), d.keyType()),
        cache(random, d, new boolean[2 * d.blockSize()], d.valueDim(), d.valueType()),
        HostTensor.indices(random, 2, 1, 2),
        HostTensor.indices(random, 1, 0),
        HostTensor.indices(random, 1, 0));
  }

  private static OpCase of(RandomGenerator random, Dimensions d, Part... parts) {
    int tokens = 0;
    int needed = 0;
    int widest = 0;
    for (Part part : parts) {
      tokens += part.tokens();
      int blocks = Math.ceilDiv(part.past() + part.tokens(), d.blockSize());
      needed += blocks;
      widest = Math.max(widest, blocks);
    }
    int pool = needed + 2;
    List<Integer> free = new ArrayList<>();
    for (int block = 0; block < pool; block++) {
      free.add(random.nextInt(block + 1), block);
    }
    int width = widest + d.slack();
    int[] table = new int[parts.length * width];
    boolean[] filled = new boolean[pool * d.blockSize()];
    List<int[]> rows = new ArrayList<>();
    for (int s = 0; s < parts.length; s++) {
      int length = parts[s].past() + parts[s].tokens();
      for (int b = 0; b < width; b++) {
        // What lies beyond a sequence's blocks may be any block, as long as there is one.
        boolean used = b * d.blockSize() < length;
        table[s * width + b] = used ? free.removeLast() : random.nextInt(pool);
      }
      for (int p = 0; p < length; p++) {
        filled[table[s * width + p / d.blockSize()] * d.blockSize() + p % d.blockSize()] = true;
      }
      for (int t = 0; t < parts[s].tokens(); t++) {
        int at = d.interleaved() ? random.nextInt(rows.size() + 1) : rows.size();
        rows.add(at, new int[] {s, parts[s].past() + t});
      }
    }
    return OpCase.close(
            d.headDim() + 8,
            new PagedAttention((float) (1 / Math.sqrt(d.headDim())), d.window()),
            HostTensor.normal(random, DType.F32, tokens, d.heads(), d.headDim()),
            cache(random, d, filled, d.headDim(), d.keyType()),
            cache(random, d, filled, d.valueDim(), d.valueType()),
            ints(new long[] {parts.length, width}, table),
            ints(new long[] {tokens}, rows.stream().mapToInt(row -> row[0]).toArray()),
            ints(new long[] {tokens}, rows.stream().mapToInt(row -> row[1]).toArray()))
        .notRepeatable();
  }

  /** Rows that no sequence has filled hold NaN, as a sequence that went wrong may leave them. */
  private static HostTensor cache(
      RandomGenerator random, Dimensions d, boolean[] filled, int dim, DType dtype) {
    int row = d.kvHeads() * dim;
    long[] extents = {filled.length / d.blockSize(), d.blockSize(), d.kvHeads(), dim};
    if (!dtype.isQuantized()) {
      return HostTensor.of(
          TensorSpec.of(dtype, extents), i -> filled[i / row] ? random.nextGaussian() : Double.NaN);
    }
    HostTensor blocks = QuantizedCases.blocks(random, dtype, extents);
    for (int at = 0; at < blocks.bytes().length; at += dtype.blockBytes()) {
      if (!filled[at / dtype.blockBytes() * dtype.blockElements() / row]) {
        QuantizedCases.putHalf(blocks.bytes(), at, Double.NaN);
      }
    }
    return blocks;
  }

  private static HostTensor ints(long[] extents, int[] values) {
    return HostTensor.of(TensorSpec.of(DType.I32, extents), i -> values[i]);
  }
}
