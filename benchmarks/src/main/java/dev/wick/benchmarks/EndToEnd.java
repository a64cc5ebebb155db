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
import dev.wick.limits.FmaProbe;
import dev.wick.limits.ReadProbe;
import dev.wick.limits.TokenWork;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Measures a checkpoint on a device against what the machine can do, in one process: each round
 * probes memory and arithmetic, decodes and prefills, so that ratios hold when the machine drifts.
 *
 * <p>Arguments: checkpoint folder, device, rounds, tokens to decode, tokens to prefill, type to
 * quantise to. The medians are appended to the {@link History}. The limit of reading is found on
 * the stored weights, of which as many bytes are read as a token needs of the loaded ones.
 */
public final class EndToEnd {
  private static final int TOKEN = 1000;
  private static final int BURST = 4;

  private final LanguageModel model;
  private final ReadProbe weights;
  private final double operationsPerToken;
  private final int threads = Runtime.getRuntime().availableProcessors();
  private final StepOutput output = new StepOutput();

  private EndToEnd(LanguageModel model, Checkpoint checkpoint) throws Exception {
    this.model = model;
    TokenWork work = TokenWork.of(model).orElseThrow();
    List<MemorySegment> read = new ArrayList<>();
    long left = work.bytesRead();
    for (String name : checkpoint.weights().names()) {
      MemorySegment data = checkpoint.weights().data(name);
      read.add(data.asSlice(0, Math.min(left, data.byteSize())));
      left -= read.getLast().byteSize();
    }
    this.operationsPerToken = work.operations();
    this.weights = new ReadProbe(read);
  }

  /** Runs the benchmark and prints one line per round and the medians. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    String device = args.length > 1 ? args[1] : "cpu";
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
    int decode = args.length > 3 ? Integer.parseInt(args[3]) : 64;
    int prefill = args.length > 4 ? Integer.parseInt(args[4]) : 512;
    LoadOptions options = Quantized.options(args, 5).withKvTokens(4096);
    try (Engine engine = Engine.open(device, FallbackMode.REQUIRE_FUSED);
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine, options)) {
      System.out.println(engine.info().description());
      EndToEnd benchmark = new EndToEnd(model, checkpoint);
      benchmark.round(8, Math.min(prefill, 64)); // compiles
      benchmark.round(8, prefill);
      List<Round> results = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        Round round = benchmark.round(decode, prefill);
        System.out.println(round);
        results.add(round);
      }
      System.out.printf(
          "median: decode %.1f tok/s, %.0f %% of the read limit; prefill %.1f tok/s, %.0f %% of the"
              + " f32 peak; %.0f B of heap per decoded token%n",
          median(results, Round::decode),
          100 * median(results, Round::decodeRatio),
          median(results, Round::prefill),
          100 * median(results, Round::prefillRatio),
          median(results, Round::heapPerToken));
      Map<String, Object> setup = new LinkedHashMap<>();
      setup.put("model", String.valueOf(folder.getFileName()));
      setup.put("rounds", rounds);
      setup.put("decode", decode);
      setup.put("prefill", prefill);
      options.quantize().ifPresent(dtype -> setup.put("quantize", dtype.name()));
      Map<String, Double> figures = new LinkedHashMap<>();
      figures.put("read_gb_per_s", median(results, Round::read) / 1e9);
      figures.put("decode_tokens_per_s", median(results, Round::decode));
      figures.put("decode_of_read_limit", median(results, Round::decodeRatio));
      figures.put("f32_gflop_per_s", median(results, Round::peak) / 1e9);
      figures.put("prefill_tokens_per_s", median(results, Round::prefill));
      figures.put("prefill_of_f32_peak", median(results, Round::prefillRatio));
      figures.put("heap_bytes_per_token", median(results, Round::heapPerToken));
      History.append("EndToEnd", engine.info().description(), setup, figures);
    }
  }

  private Round round(int decodeTokens, int prefillTokens) throws InterruptedException {
    Decode decode = decode(decodeTokens);
    double before = FmaProbe.operationsPerSecond(threads);
    double prefill = prefill(prefillTokens);
    double peak = (before + FmaProbe.operationsPerSecond(threads)) / 2;
    double read = decode.readPerSecond();
    return new Round(
        read,
        peak,
        decode.tokensPerSecond(),
        decode.tokensPerSecond() * weights.bytes() / read,
        prefill,
        prefill * operationsPerToken / peak,
        decode.heapPerToken());
  }

  /** Decodes a few tokens, reads the weights as often, and so on: both see the same machine. */
  private Decode decode(int tokens) throws InterruptedException {
    ThreadMXBean threadBean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    double decoding = 0;
    double reading = 0;
    long heap = 0;
    try (KvLease lease = model.kvPool().lease()) {
      model.step(StepBatch.of(lease, Logits.LAST, TOKEN), output);
      for (int done = 0; done < tokens; done += BURST) {
        model.step(StepBatch.of(lease, Logits.LAST, output.argMax(0)), output); // wakes the team
        long heapBefore = threadBean.getCurrentThreadAllocatedBytes();
        long begin = System.nanoTime();
        for (int i = 0; i < BURST; i++) {
          model.step(StepBatch.of(lease, Logits.LAST, output.argMax(0)), output);
        }
        decoding += (System.nanoTime() - begin) / 1e9;
        heap += threadBean.getCurrentThreadAllocatedBytes() - heapBefore;
        reading += (double) BURST * weights.bytes() / weights.bytesPerSecond(threads, BURST);
      }
    }
    int decoded = Math.ceilDiv(tokens, BURST) * BURST;
    return new Decode(
        decoded / decoding, decoded * (double) weights.bytes() / reading, (double) heap / decoded);
  }

  private double prefill(int tokens) {
    int[] prompt = IntStream.range(TOKEN, TOKEN + tokens).toArray();
    try (KvLease lease = model.kvPool().lease()) {
      long begin = System.nanoTime();
      model.step(StepBatch.of(lease, Logits.LAST, prompt), output);
      return tokens / ((System.nanoTime() - begin) / 1e9);
    }
  }

  private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
    List<Double> values = new ArrayList<>(rounds.stream().map(figure::applyAsDouble).toList());
    Collections.sort(values);
    return values.get(values.size() / 2);
  }

  private record Decode(double tokensPerSecond, double readPerSecond, double heapPerToken) {}

  /** Figures of one round; rates per second, ratios to the probes of the round. */
  private record Round(
      double read,
      double peak,
      double decode,
      double decodeRatio,
      double prefill,
      double prefillRatio,
      double heapPerToken) {
    @Override
    public String toString() {
      return "read %.1f GB/s, decode %.1f tok/s = %.0f %%; fma %.0f GFLOP/s, prefill %.1f tok/s = %.0f %%; %.0f B/token"
          .formatted(
              read / 1e9,
              decode,
              100 * decodeRatio,
              peak / 1e9,
              prefill,
              100 * prefillRatio,
              heapPerToken);
    }
  }
}
