package dev.wick.benchmarks;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.model.KvCache;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.Models;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.model.StepRunner;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.DType;
import dev.wick.formats.Checkpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Decodes at several lengths of context with a key-value cache in F32 and one in Q8_0, in turn and
 * in one process. The caches are filled with numbers of about the right size, not with what a
 * prompt would leave, which would take minutes to compute.
 *
 * <p>Arguments: checkpoint folder, device, rounds, key-value heads, head size, lengths.
 */
public final class KvCacheTypes {
  private static final int TOKEN = 1000;
  private static final int BURST = 3;
  private static final int CHUNK = 512;

  private KvCacheTypes() {}

  /** Runs the benchmark and prints the medians. */
  public static void main(String[] args) throws Exception {
    String device = args.length > 1 ? args[1] : "cpu";
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
    int heads = args.length > 3 ? Integer.parseInt(args[3]) : 2;
    int headDim = args.length > 4 ? Integer.parseInt(args[4]) : 64;
    int[] lengths =
        args.length > 5
            ? Arrays.stream(args).skip(5).mapToInt(Integer::parseInt).toArray()
            : new int[] {CHUNK, 4096, 16_384};
    KvCache.Layer layer = new KvCache.Layer(heads, headDim, headDim);
    try (Engine engine = Engine.open(device, FallbackMode.REQUIRE_FUSED);
        Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]));
        LanguageModel model =
            Models.load(checkpoint, engine, LoadOptions.DEFAULT.withKvTokens(32));
        Caches caches =
            new Caches(model, layer, IntStream.of(lengths).max().orElse(CHUNK) + CHUNK)) {
      System.out.println(engine.info().description());
      for (int length : lengths) {
        caches.fill(length);
        caches.round(length); // compiles
        caches.report(length, rounds);
      }
    }
  }

  /** One model over a cache of each type. */
  private static final class Caches implements AutoCloseable {
    private final List<DType> types = List.of(DType.F32, DType.Q8_0);
    private final List<StepRunner> runners = new ArrayList<>();
    private final List<KvCache> caches = new ArrayList<>();
    private final List<KvLease> leases = new ArrayList<>();
    private final StepOutput output = new StepOutput();

    Caches(LanguageModel model, KvCache.Layer layer, int tokens) {
      int layers = model.info().numHiddenLayers();
      for (DType type : types) {
        KvCache cache =
            new KvCache(model.engine(), tokens, Collections.nCopies(layers, layer), type);
        caches.add(cache);
        runners.add(
            new StepRunner(
                model.engine(),
                model.info(),
                cache,
                new Filling(model.forwardPass(), layers, layer)));
        leases.add(cache.pool().lease());
      }
    }

    void fill(int length) {
      for (int i = 0; i < types.size(); i++) {
        KvLease lease = leases.get(i);
        while (lease.length() < length) {
          int count = Math.min(CHUNK, length - lease.length());
          int[] tokens = IntStream.range(TOKEN, TOKEN + count).toArray();
          runners.get(i).step(StepBatch.of(lease, Logits.NONE, tokens), output);
        }
      }
    }

    /** Seconds per token with each type. */
    double[] round(int length) {
      double[] seconds = new double[types.size()];
      for (int i = 0; i < seconds.length; i++) {
        KvLease lease = leases.get(i);
        step(i, lease);
        long begin = System.nanoTime();
        for (int t = 0; t < BURST; t++) {
          step(i, lease);
        }
        seconds[i] = (System.nanoTime() - begin) / 1e9 / BURST;
        lease.truncate(length);
      }
      return seconds;
    }

    private void step(int type, KvLease lease) {
      runners.get(type).step(StepBatch.of(lease, Logits.LAST, TOKEN), output);
    }

    void report(int length, int rounds) {
      List<double[]> measured = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        measured.add(round(length));
      }
      double[] ratios = measured.stream().mapToDouble(s -> s[1] / s[0]).sorted().toArray();
      for (int i = 0; i < types.size(); i++) {
        int type = i;
        double[] sorted = measured.stream().mapToDouble(s -> s[type]).sorted().toArray();
        System.out.printf(
            "%6d tokens, %-4s %7.2f ms per token, %.1f MB%n",
            length,
            types.get(i),
            1e3 * sorted[rounds / 2],
            caches.get(i).pool().bytes() / 1e6 * length / caches.get(i).pool().blocks() / 32);
      }
      System.out.printf(
          "%6d tokens, Q8_0 takes %.2f of the time (%.2f to %.2f)%n",
          length, ratios[rounds / 2], ratios[0], ratios[rounds - 1]);
    }

    @Override
    public void close() {
      leases.forEach(KvLease::close);
      runners.forEach(StepRunner::close); // and with them the caches
    }
  }

  /**
   * The model for steps of one token; of more, only what fills the cache: embeddings as keys and
   * values, of which each token sees its own.
   */
  private record Filling(ForwardPass model, int layers, KvCache.Layer kept) implements ForwardPass {
    @Override
    public Expr hidden(ForwardContext context) {
      long tokens = context.positions().extent(0);
      if (tokens == 1) {
        return model.hidden(context);
      }
      Expr x = context.embed(model.parameters().getFirst());
      Expr sum = rows(x, tokens, kept.valueDim());
      for (int layer = 0; layer < layers; layer++) {
        Expr key = rows(x, tokens, kept.keyDim());
        Expr value = rows(x, tokens, kept.valueDim());
        sum = sum.add(context.attend(layer, key, key, value, 1, 1));
      }
      return sum;
    }

    private Expr rows(Expr x, long tokens, int dim) {
      long width = (long) kept.numKeyValueHeads() * dim;
      return x.slice(1, 0, width).reshape(tokens, kept.numKeyValueHeads(), dim);
    }

    @Override
    public Expr logits(ForwardContext context, Expr hidden) {
      return model.logits(context, hidden);
    }

    @Override
    public List<Linear> linears() {
      return model.linears();
    }

    @Override
    public List<Parameter> parameters() {
      return model.parameters();
    }
  }
}
