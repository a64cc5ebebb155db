package dev.wick.benchmarks;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Program;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.Tracer;
import dev.wick.engine.op.Attention;
import dev.wick.engine.op.AttentionGradient;
import dev.wick.engine.op.CrossEntropy;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.LoraMatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Measures the kernels that adapters and their training live on, in the shape of a 0.5B model:
 * decoding with adapters against decoding without, skinny and transposed matrix products, and
 * attention with its gradient.
 *
 * <p>Arguments: device, and which of {@code decode}, {@code products}, {@code attention}.
 */
public final class AdapterKernels {
  private static final int HIDDEN = 896;
  private static final int KEYS = 128;
  private static final int INTERMEDIATE = 4864;
  private static final int LAYERS = 24;
  private static final int RANK = 8;
  private static final int[][] LINEARS = {
    {HIDDEN, HIDDEN},
    {HIDDEN, KEYS},
    {HIDDEN, KEYS},
    {HIDDEN, HIDDEN},
    {HIDDEN, INTERMEDIATE},
    {HIDDEN, INTERMEDIATE},
    {INTERMEDIATE, HIDDEN}
  };

  /** How many of them have the same input. */
  private static final int[] TOGETHER = {3, 1, 2, 1};

  /** Runs of each layer. */
  private static final int ROUNDS = 60;

  private final Engine engine;
  private final TensorScope scope;
  private final Random random = new Random(1);

  private AdapterKernels(Engine engine, TensorScope scope) {
    this.engine = engine;
    this.scope = scope;
  }

  /** Runs the benchmark. */
  public static void main(String[] arguments) {
    try (Engine engine = Engine.open(arguments[0], FallbackMode.REQUIRE_FUSED);
        TensorScope scope = engine.newScope()) {
      System.out.println(engine.info().description());
      AdapterKernels kernels = new AdapterKernels(engine, scope);
      for (String part : Arrays.asList(arguments).subList(1, arguments.length)) {
        switch (part) {
          case "decode" -> kernels.decode();
          case "products" -> kernels.products();
          case "attention" -> kernels.attention();
          default -> throw new IllegalArgumentException("expected a part, got " + part);
        }
      }
    }
  }

  /** Median milliseconds of a program. */
  private double milliseconds(Program program, double budget) {
    List<Double> times = new ArrayList<>();
    long end = System.nanoTime() + (long) (budget * 1e9);
    while (System.nanoTime() < end || times.size() < 5) {
      long start = System.nanoTime();
      program.run();
      program.synchronize();
      times.add((System.nanoTime() - start) / 1e6);
    }
    times = times.subList(times.size() / 2, times.size()); // the first half warms up
    return times.stream().sorted().skip(times.size() / 2).findFirst().orElseThrow();
  }

  private double milliseconds(double budget, Consumer<Tracer> definition) {
    try (Program program = engine.trace(definition)) {
      return milliseconds(program, budget);
    }
  }

  private Tensor normal(long... extents) {
    TensorSpec spec = TensorSpec.of(DType.F32, extents);
    float[] values = new float[Math.toIntExact(spec.shape().size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return scope.tensor(values, extents);
  }

  /** Small numbers; memory that was never written would be one page of zeros. */
  private Tensor filled(DType dtype, long... extents) {
    TensorSpec spec = TensorSpec.of(dtype, extents);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(spec.byteSize(), 64);
      for (long at = 0; at + 4 <= spec.byteSize(); at += 4) {
        bytes.set(ValueLayout.JAVA_INT, at, 0x3c003c00 + (int) (at & 0x7f));
      }
      return scope.tensor(bytes, spec);
    }
  }

  private void decode() {
    List<Tensor> weights = new ArrayList<>();
    long floats = 0;
    for (int layer = 0; layer < LAYERS; layer++) {
      for (int[] linear : LINEARS) {
        weights.add(filled(DType.BF16, linear[1], linear[0]));
        floats += (long) RANK * (linear[0] + linear[1]);
      }
    }
    Tensor pool = filled(DType.F32, 16 * floats);
    System.out.printf("adapter: %.1f MB%n", 4 * floats / 1e6);
    for (int tokens : new int[] {1, 16}) {
      int[] adapters = tokens == 1 ? new int[] {0, 1} : new int[] {0, 1, 16};
      double[] milliseconds = decode(weights, pool, tokens, adapters);
      for (int i = 0; i < adapters.length; i++) {
        System.out.printf(
            "%d tokens, %d adapters: %.2f ms, %.3f of no adapter%n",
            tokens, adapters[i], milliseconds[i], milliseconds[i] / milliseconds[0]);
      }
    }
  }

  /**
   * Milliseconds of all layers, each the median of many runs. A layer takes a millisecond, and
   * after each the next number of adapters has its turn with a layer far away, so that ratios hold
   * when the machine drifts and nothing is in a cache.
   */
  private double[] decode(List<Tensor> weights, Tensor pool, int tokens, int[] adapters) {
    List<List<Program>> programs = new ArrayList<>();
    for (int count : adapters) {
      List<Program> layers = new ArrayList<>();
      for (int i = 0; i < LAYERS; i++) {
        int layer = i;
        layers.add(engine.trace(tracer -> layer(tracer, weights, pool, layer, tokens, count)));
      }
      programs.add(layers);
    }
    double[][] times = new double[adapters.length][LAYERS * ROUNDS];
    for (int run = -LAYERS * ROUNDS / 2; run < LAYERS * ROUNDS; run++) { // the first warm up
      for (int i = 0; i < adapters.length; i++) {
        int layer = Math.floorMod(run + i * LAYERS / adapters.length, LAYERS);
        long start = System.nanoTime();
        programs.get(i).get(layer).run();
        programs.get(i).get(layer).synchronize();
        times[i][Math.max(0, run)] = (System.nanoTime() - start) / 1e6;
      }
    }
    programs.forEach(layers -> layers.forEach(Program::close));
    double[] medians = new double[adapters.length];
    for (int i = 0; i < medians.length; i++) {
      Arrays.sort(times[i]);
      medians[i] = LAYERS * times[i][LAYERS * ROUNDS / 2];
    }
    return medians;
  }

  private void layer(
      Tracer tracer, List<Tensor> weights, Tensor pool, int layer, int tokens, int adapters) {
    int[] offsets = new int[16];
    int stride = Math.toIntExact(pool.extent(0) / 16 / LoraMatMul.UNIT);
    for (int i = 0; i < 16; i++) {
      offsets[i] = i * stride + layer * stride / LAYERS;
    }
    int linear = 0;
    for (int together : TOGETHER) {
      Expr x = tracer.adopt(normal(tokens, LINEARS[linear][0]));
      List<Expr> products = new ArrayList<>();
      for (int i = linear; i < linear + together; i++) {
        products.add(x.matMul(weights.get(layer * LINEARS.length + i).transpose(0, 1)));
      }
      for (int i = 0; i < together; i++, linear++) {
        Expr y = products.get(i);
        if (adapters > 0) {
          y = Expr.apply(new LoraMatMul(RANK), uses(x, y, pool, offsets, adapters)).getFirst();
          for (int j = 0; j < 16; j++) {
            offsets[j] += RANK * (LINEARS[linear][0] + LINEARS[linear][1]) / LoraMatMul.UNIT;
          }
        }
        tracer.output("y" + linear, y);
      }
    }
  }

  private List<Expr> uses(Expr x, Expr base, Tensor pool, int[] offsets, int adapters) {
    int tokens = Math.toIntExact(x.extent(0));
    int in = Math.toIntExact(x.extent(1));
    int[] segments = new int[2 * adapters];
    int[] places = new int[5 * adapters];
    float[] ones = new float[adapters];
    for (int i = 0; i < adapters; i++) {
      segments[2 * i] = i;
      segments[2 * i + 1] = adapters == 1 ? tokens : 1;
      places[5 * i] = offsets[i];
      places[5 * i + 1] = offsets[i] + RANK * in / LoraMatMul.UNIT;
      places[5 * i + 2] = RANK;
      places[5 * i + 3] = -1;
      places[5 * i + 4] = -1;
      ones[i] = 1;
    }
    return List.of(
        x,
        base,
        pool,
        ints(segments, adapters, 2),
        ints(places, adapters, 5),
        scope.tensor(ones, adapters));
  }

  private Tensor ints(int[] values, long... extents) {
    return scope.tensor(values, extents);
  }

  private void products() {
    for (int tokens : new int[] {128, 512}) {
      for (int[] linear : new int[][] {{HIDDEN, INTERMEDIATE}, {INTERMEDIATE, HIDDEN}}) {
        int in = linear[0];
        int out = linear[1];
        Tensor x = normal(tokens, in);
        Tensor y = normal(tokens, out);
        Tensor w = filled(DType.BF16, out, in);
        Tensor a = normal(RANK, in);
        Tensor b = normal(out, RANK);
        Tensor low = normal(tokens, RANK);
        product("y = x Wᵀ", x, w.transpose(0, 1));
        product("dx = dy W", y, w);
        product("h = x Aᵀ", x, a.transpose(0, 1));
        product("y += h Bᵀ", low, b.transpose(0, 1));
        product("dh = dy B", y, b);
        product("dx += dh A", low, a);
        product("dA = dhᵀ x", low.transpose(0, 1), x);
        product("dB = dyᵀ h", y.transpose(0, 1), low);
      }
    }
  }

  private void product(String name, Expr left, Expr right) {
    double time = milliseconds(0.4, tracer -> tracer.output("y", tracer.adopt(left).matMul(right)));
    double operations = 2.0 * left.extent(0) * left.extent(1) * right.extent(1);
    System.out.printf(
        "%-12s %s x %s: %.3f ms, %.1f GFLOP/s%n",
        name, left.shape(), right.shape(), time, operations / time / 1e6);
  }

  private void attention() {
    int heads = 14;
    int kvHeads = 2;
    int dim = 64;
    for (int tokens : new int[] {2048, 512, 128}) {
      Tensor q = normal(tokens, heads, dim);
      Tensor k = normal(tokens, kvHeads, dim);
      Tensor v = normal(tokens, kvHeads, dim);
      Tensor first = scope.zeros(TensorSpec.of(DType.I32, tokens));
      Tensor g = normal(tokens, heads, dim);
      Tensor zeros = scope.zeros(TensorSpec.of(DType.F32, tokens, heads));
      List<Expr> forward = List.of(q, k, v, first);
      Op attention = new Attention(0.125f, 0);
      List<Expr> results = Expr.apply(attention, forward);
      List<Expr> backward = List.of(q, k, v, first, results.get(0), results.get(1), g, zeros);
      System.out.printf(
          "attention of %d tokens: %.2f ms, gradient: %.2f ms%n",
          tokens,
          milliseconds(1.5, t -> apply(t, attention, forward)),
          milliseconds(1.5, t -> apply(t, new AttentionGradient(0.125f, 0), backward)));
    }
    int vocab = 151_936;
    Tensor logits = normal(64, vocab);
    Tensor labels = ints(new int[64], 64);
    System.out.printf(
        "cross-entropy of 64 rows: %.2f ms%n",
        milliseconds(1.5, t -> apply(t, new CrossEntropy(0), List.of(logits, labels))));
  }

  private static void apply(Tracer tracer, Op op, List<Expr> operands) {
    List<Expr> adopted = operands.stream().map(tracer::adopt).toList();
    tracer.output("y", tracer.apply(op, adopted).getFirst());
  }
}
