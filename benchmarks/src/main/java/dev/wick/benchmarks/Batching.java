package dev.wick.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.Models;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import dev.wick.formats.Checkpoint;
import dev.wick.streaming.Completion;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.Prompt;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures what a generator adds to the bare loop over the steps of a model, and what several
 * requests at a time gain. The kinds take turns within a round, so that ratios hold when the
 * machine drifts.
 *
 * <p>Arguments: checkpoint folder, tokenizer folder, rounds, tokens to decode, requests at a time,
 * type to quantise to.
 */
public final class Batching {
  private static final int TOKEN = 1000;

  private final LanguageModel model;
  private final Generator generator;
  private final StepOutput output = new StepOutput();
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final int tokens;
  private final int requests;

  private Batching(LanguageModel model, Generator generator, int tokens, int requests) {
    this.model = model;
    this.generator = generator;
    this.tokens = tokens;
    this.requests = requests;
  }

  /** Runs the benchmark and prints a line per round and the medians. */
  public static void main(String[] args) throws Exception {
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
    int tokens = args.length > 3 ? Integer.parseInt(args[3]) : 32;
    int requests = args.length > 4 ? Integer.parseInt(args[4]) : 8;
    LoadOptions options = Quantized.options(args, 5).withKvTokens(8192);
    try (Engine engine = Engine.open("cpu", FallbackMode.REQUIRE_FUSED);
        Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]));
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(Path.of(args[1]));
        LanguageModel model = Models.load(checkpoint, engine, options);
        Generator generator = new Generator(model, tokenizer)) {
      Batching benchmark = new Batching(model, generator, tokens, requests);
      benchmark.round(); // compiles and traces
      double[][] results = new double[rounds][];
      for (int i = 0; i < rounds; i++) {
        results[i] = benchmark.round();
        print("round", results[i]);
      }
      print("median", medians(results));
    }
  }

  private static void print(String what, double[] r) {
    System.out.printf(
        "%s: bare %.2f tok/s, %.0f B/token; callback %.2f tok/s (%.3f), %.0f B/token; at a time:"
            + " bare %.2f tok/s (%.2f times one), generator %.2f tok/s (%.3f)%n",
        what, r[0], r[1], r[2], r[4], r[3], r[5], r[7], r[6], r[8]);
  }

  private static double[] medians(double[][] results) {
    double[] medians = new double[results[0].length];
    for (int figure = 0; figure < medians.length; figure++) {
      int column = figure;
      double[] sorted = Arrays.stream(results).mapToDouble(r -> r[column]).sorted().toArray();
      medians[figure] = sorted[sorted.length / 2];
    }
    return medians;
  }

  /** Rates and heap per token of the bare loop and of a callback, rates of many, ratios. */
  private double[] round() {
    double[] before = bare();
    double[] callback = callback();
    double[] after = bare();
    double one = (before[0] + after[0]) / 2;
    double batch = bareBatch();
    double many = many();
    batch = (batch + bareBatch()) / 2;
    return new double[] {
      one,
      after[1],
      callback[0],
      callback[1],
      callback[0] / one,
      batch,
      many,
      batch / one,
      many / batch
    };
  }

  private double[] bare() {
    try (KvLease lease = model.kvPool().lease()) {
      model.step(StepBatch.of(lease, Logits.LAST, TOKEN), output);
      long heap = threads.getCurrentThreadAllocatedBytes();
      long begin = System.nanoTime();
      for (int i = 1; i < tokens; i++) {
        model.step(StepBatch.of(lease, Logits.LAST, output.argMax(0)), output);
      }
      return perToken(begin, heap);
    }
  }

  private double[] callback() {
    long[] first = new long[2];
    generator.generate(
        request(TOKEN),
        token -> {
          if (token.index() == 0) {
            first[0] = System.nanoTime();
            first[1] = threads.getCurrentThreadAllocatedBytes();
          }
          return true;
        });
    return perToken(first[0], first[1]);
  }

  private double[] perToken(long begin, long heap) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    long allocated = threads.getCurrentThreadAllocatedBytes() - heap;
    return new double[] {(tokens - 1) / seconds, (double) allocated / (tokens - 1)};
  }

  private double bareBatch() {
    List<KvLease> leases = Stream.generate(() -> model.kvPool().lease()).limit(requests).toList();
    int[] next = IntStream.range(TOKEN, TOKEN + requests).toArray();
    List<StepBatch.Sequence> sequences =
        leases.stream()
            .map(lease -> new StepBatch.Sequence(1, lease, Logits.LAST, List.of()))
            .toList();
    try {
      long begin = System.nanoTime();
      for (int i = 0; i < tokens; i++) {
        model.step(new StepBatch(next, sequences), output);
        Arrays.setAll(next, output::argMax);
      }
      return (double) requests * tokens / ((System.nanoTime() - begin) / 1e9);
    } finally {
      leases.forEach(KvLease::close);
    }
  }

  private double many() {
    List<CompletableFuture<Completion>> futures = new ArrayList<>();
    long begin = System.nanoTime();
    for (int i = 0; i < requests; i++) {
      futures.add(generator.generateAsync(request(TOKEN + i)));
    }
    futures.forEach(CompletableFuture::join);
    return (double) requests * tokens / ((System.nanoTime() - begin) / 1e9);
  }

  private GenerationRequest request(int token) {
    return GenerationRequest.builder(Prompt.of(token))
        .maxTokens(tokens)
        .ignoreEndOfSequence(true)
        .build();
  }
}
