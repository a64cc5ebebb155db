package dev.wick.benchmarks;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.Models;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.tensor.DType;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.peft.PeftAdapter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures what an adapter of rank 8 on all linears costs while one sequence is decoded: whole
 * steps of a model with the adapter and without, token by token in turns. A round takes the medians
 * of a token without it and of the differences.
 *
 * <p>Arguments: checkpoint, device, rounds, tokens to decode with and without in each. The medians
 * are appended to the {@link History}.
 */
public final class AdapterDecoding {
  private static final int TOKEN = 1000;

  private final LanguageModel model;
  private final int tokens;
  private final StepOutput output = new StepOutput();

  private AdapterDecoding(LanguageModel model, int tokens) {
    this.model = model;
    this.tokens = tokens;
  }

  /** Runs the benchmark and prints one line per round and the medians. */
  public static void main(String[] args) throws Exception {
    Path path = Path.of(args[0]);
    String device = args.length > 1 ? args[1] : "cpu";
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 9;
    int tokens = args.length > 3 ? Integer.parseInt(args[3]) : 48;
    try (Engine engine = Engine.open(device, FallbackMode.REQUIRE_FUSED);
        Checkpoint checkpoint = Checkpoint.open(path);
        LanguageModel model =
            Models.load(checkpoint, engine, LoadOptions.DEFAULT.withKvTokens(256));
        PeftAdapter adapter = RandomAdapter.of(checkpoint, DType.F32)) {
      System.out.println(engine.info().description());
      AdapterDecoding benchmark = new AdapterDecoding(model, tokens);
      List<AdapterUse> uses = List.of(new AdapterUse(adapter, 1));
      benchmark.round(uses); // compiles
      double[] without = new double[rounds];
      double[] costs = new double[rounds];
      for (int i = 0; i < rounds; i++) {
        double[] milliseconds = benchmark.round(uses);
        without[i] = milliseconds[0];
        costs[i] = 100 * milliseconds[1] / milliseconds[0];
        System.out.printf(
            "%.2f ms, an adapter adds %.2f ms: %+.1f %%%n",
            milliseconds[0], milliseconds[1], costs[i]);
      }
      Arrays.sort(without);
      Arrays.sort(costs);
      System.out.printf(
          "median: %.2f ms per token, an adapter costs %+.1f %% (%+.1f to %+.1f)%n",
          without[rounds / 2], costs[rounds / 2], costs[0], costs[rounds - 1]);
      Map<String, Object> setup = new LinkedHashMap<>();
      setup.put("model", String.valueOf(path.getFileName()));
      setup.put("rounds", rounds);
      setup.put("decode", tokens);
      Map<String, Double> figures = new LinkedHashMap<>();
      figures.put("milliseconds", without[rounds / 2]);
      figures.put("adapter_cost_percent", costs[rounds / 2]);
      History.append("AdapterDecoding", engine.info().description(), setup, figures);
    }
  }

  /** Median milliseconds of a token without adapters, and of what they add to one. */
  private double[] round(List<AdapterUse> uses) {
    double[] without = new double[tokens];
    double[] added = new double[tokens];
    try (KvLease plain = model.kvPool().lease();
        KvLease adapted = model.kvPool().lease()) {
      step(plain, List.of());
      step(adapted, uses);
      for (int i = 0; i < tokens; i++) {
        without[i] = step(plain, List.of());
        added[i] = step(adapted, uses) - without[i];
      }
    }
    Arrays.sort(without);
    Arrays.sort(added);
    return new double[] {without[tokens / 2], added[tokens / 2]};
  }

  private double step(KvLease lease, List<AdapterUse> uses) {
    long begin = System.nanoTime();
    StepBatch.Sequence sequence = new StepBatch.Sequence(1, lease, StepBatch.Logits.LAST, uses);
    model.step(new StepBatch(new int[] {TOKEN}, List.of(sequence)), output);
    return (System.nanoTime() - begin) / 1e6;
  }
}
