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
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Measures how long an adapter of rank 8 on all linears takes from its folder to its first use, and
 * a switch between two: the adapter is read and checked, then a step of one token is computed with
 * it, from which a step with an adapter that is there already is subtracted.
 *
 * <p>Arguments: checkpoint folder, rounds.
 */
public final class AdapterLoading {
  private static final int SWITCHES = 200_000;
  private static final long ADAPTER_BYTES = 80L << 20;

  private final Checkpoint checkpoint;
  private final LanguageModel model;
  private final BaseWeights base;
  private final StepOutput output = new StepOutput();

  private AdapterLoading(Checkpoint checkpoint, LanguageModel model) {
    this.checkpoint = checkpoint;
    this.model = model;
    this.base = new BaseWeights(checkpoint.location(), checkpoint.weights());
  }

  /** Runs the benchmark. */
  public static void main(String[] args) throws Exception {
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 60;
    LoadOptions options = LoadOptions.DEFAULT.withKvTokens(256).withAdapterBytes(ADAPTER_BYTES);
    try (Engine engine = Engine.open("cpu", FallbackMode.REQUIRE_FUSED);
        Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]));
        LanguageModel model = Models.load(checkpoint, engine, options)) {
      AdapterLoading loading = new AdapterLoading(checkpoint, model);
      Path folder = Files.createTempDirectory("adapters");
      for (DType dtype : List.of(DType.BF16, DType.F32)) {
        Path adapter = folder.resolve(dtype.name());
        loading.write(adapter, dtype);
        loading.measure(adapter, dtype, rounds);
      }
      loading.measureSwitch(folder);
    }
  }

  private void write(Path folder, DType dtype) throws IOException {
    PeftAdapter adapter = RandomAdapter.of(checkpoint, dtype);
    adapter.save(folder);
    System.out.printf(
        "%s: %d tensors, %.1f MB%n", dtype, adapter.tensors().size(), adapter.byteSize() / 1e6);
  }

  private void measure(Path folder, DType dtype, int rounds) throws IOException {
    double[] open = new double[rounds];
    double[] first = new double[rounds];
    double[] again = new double[rounds];
    for (int round = -rounds; round < rounds; round++) { // the first half warms up
      long start = System.nanoTime();
      try (PeftAdapter adapter = PeftAdapter.open("new", folder, base)) {
        long opened = System.nanoTime();
        step(adapter);
        long used = System.nanoTime();
        step(adapter);
        long end = System.nanoTime();
        if (round >= 0) {
          open[round] = (opened - start) / 1e6;
          first[round] = (used - opened) / 1e6;
          again[round] = (end - used) / 1e6;
        }
      }
    }
    System.out.printf(
        "%s: read and check %.2f ms, first step %.2f ms, later step %.2f ms, load to first use %.2f"
            + " ms (medians of %d)%n",
        dtype,
        median(open),
        median(first),
        median(again),
        median(open) + median(first) - median(again),
        rounds);
  }

  private void step(PeftAdapter adapter) {
    try (KvLease lease = model.kvPool().lease()) {
      model.step(
          new StepBatch(
              new int[] {1},
              List.of(
                  new StepBatch.Sequence(
                      1, lease, StepBatch.Logits.LAST, List.of(new AdapterUse(adapter, 1))))),
          output);
    }
  }

  /** One thread changes the active adapter and takes a lease of it. */
  private void measureSwitch(Path folder) throws IOException {
    try (AdapterRegistry registry = new AdapterRegistry()) {
      registry.load("a", folder.resolve(DType.BF16.name()));
      registry.load("b", folder.resolve(DType.F32.name()));
      double[] micros = new double[SWITCHES];
      for (int i = 0; i < SWITCHES; i++) {
        long start = System.nanoTime();
        registry.activate(i % 2 == 0 ? "a" : "b");
        try (AdapterLease lease = registry.acquireActive().orElseThrow()) {
          micros[i] = (System.nanoTime() - start) / 1e3 + 0 * lease.version();
        }
      }
      Arrays.sort(micros);
      System.out.printf(
          "switch: median %.2f us, p99 %.2f us, largest %.1f us of %d%n",
          micros[SWITCHES / 2], micros[SWITCHES * 99 / 100], micros[SWITCHES - 1], SWITCHES);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
