package dev.wick.benchmarks;

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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures what several threads gain over one in decoding while they have the machine for
 * themselves, and while another process keeps one of the processors busy: then the helpers are
 * taken off their processor in the middle of their work, and whoever waits for them may lose more
 * than they bring.
 *
 * <p>Arguments: checkpoint, rounds, tokens to decode per measurement, threads (those of the
 * processors). One thread and several take turns, in one process and on the same mapped weights.
 * The medians are appended to the {@link History}.
 */
public final class Contention {
  private static final String THREADS = "wick.cpu.threads";
  private static final int TOKEN = 1000;
  private static final int BURST = 8;

  private final LanguageModel one;
  private final LanguageModel several;
  private final int tokens;
  private final StepOutput output = new StepOutput();

  private Contention(LanguageModel one, LanguageModel several, int tokens) {
    this.one = one;
    this.several = several;
    this.tokens = tokens;
  }

  /** Runs the benchmark and prints one line per round and the medians. */
  public static void main(String[] args) throws Exception {
    Path path = Path.of(args[0]);
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    int tokens = args.length > 2 ? Integer.parseInt(args[2]) : 32;
    int threads =
        args.length > 3 ? Integer.parseInt(args[3]) : Runtime.getRuntime().availableProcessors();
    try (Checkpoint checkpoint = Checkpoint.open(path);
        Engine engine = open(1);
        LanguageModel one = load(checkpoint, engine, tokens);
        Engine shared = open(threads);
        LanguageModel several = load(checkpoint, shared, tokens)) {
      System.out.println(shared.info().description());
      Contention benchmark = new Contention(one, several, tokens);
      benchmark.pair(); // compiles
      List<Double> alone = new ArrayList<>();
      List<Double> contended = new ArrayList<>();
      List<Double> rates = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        Pair quiet = benchmark.pair();
        Pair busy;
        try (BusyProcess _ = BusyProcess.start()) {
          busy = benchmark.pair();
        }
        System.out.printf("alone: %s; beside a busy process: %s%n", quiet, busy);
        alone.add(quiet.ratio());
        contended.add(busy.ratio());
        rates.add(quiet.several());
      }
      System.out.printf(
          "median: %d threads are %.2f times as fast as one alone, %.2f times (%.2f to %.2f) beside"
              + " a busy process%n",
          threads,
          median(alone),
          median(contended),
          contended.stream().mapToDouble(x -> x).min().orElseThrow(),
          contended.stream().mapToDouble(x -> x).max().orElseThrow());
      Map<String, Object> setup = new LinkedHashMap<>();
      setup.put("model", String.valueOf(path.getFileName()));
      setup.put("rounds", rounds);
      setup.put("decode", tokens);
      setup.put("threads", threads);
      Map<String, Double> figures = new LinkedHashMap<>();
      figures.put("tokens_per_s_alone", median(rates));
      figures.put("ratio_alone", median(alone));
      figures.put("ratio_contended", median(contended));
      History.append("Contention", shared.info().description(), setup, figures);
    }
  }

  private static Engine open(int threads) {
    System.setProperty(THREADS, Integer.toString(threads));
    return Engine.open("cpu", FallbackMode.REQUIRE_FUSED);
  }

  private static LanguageModel load(Checkpoint checkpoint, Engine engine, int tokens)
      throws Exception {
    return Models.load(checkpoint, engine, LoadOptions.DEFAULT.withKvTokens(tokens + 64));
  }

  /** Both in turns, a few tokens each, so that they see the same machine. */
  private Pair pair() {
    long first = 0;
    long second = 0;
    int bursts = Math.ceilDiv(tokens, BURST);
    for (int i = 0; i < bursts; i++) {
      first += decode(one);
      second += decode(several);
    }
    double decoded = 1e9 * bursts * BURST;
    return new Pair(decoded / first, decoded / second);
  }

  /** Nanoseconds of a burst. */
  private long decode(LanguageModel model) {
    try (KvLease lease = model.kvPool().lease()) {
      model.step(StepBatch.of(lease, Logits.LAST, TOKEN), output);
      long begin = System.nanoTime();
      for (int i = 0; i < BURST; i++) {
        model.step(StepBatch.of(lease, Logits.LAST, output.argMax(0)), output);
      }
      return System.nanoTime() - begin;
    }
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  /** Tokens per second of one thread and of several. */
  private record Pair(double one, double several) {
    double ratio() {
      return several / one;
    }

    @Override
    public String toString() {
      return "%.1f and %.1f tok/s = %.2f".formatted(one, several, ratio());
    }
  }
}
