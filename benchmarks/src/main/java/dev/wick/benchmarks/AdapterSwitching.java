package dev.wick.benchmarks;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.model.Models;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.Prompt;
import dev.wick.streaming.StreamToken;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures how long it takes to switch adapters while eight requests stream from one generator: to
 * publish a new version of a name, and to make another name the active one. Every request is
 * compared with what its version gives alone.
 *
 * <p>Arguments: checkpoint folder, tokenizer folder, switches, microseconds between them.
 */
public final class AdapterSwitching {
  private static final int RANK = 8;
  private static final int ADAPTERS = 6;
  private static final int STREAMS = 8;
  private static final int TOKENS = 16;

  private final AdapterRegistry registry = new AdapterRegistry();
  private final List<PeftAdapter> adapters = new ArrayList<>();
  private final List<List<List<Integer>>> alone = new ArrayList<>();
  private final Map<String, Integer> contents = new ConcurrentHashMap<>();
  private final long[] versions = new long[2];
  private final AtomicBoolean done = new AtomicBoolean();
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong mixedUp = new AtomicLong();

  private AdapterSwitching() {}

  /** Runs the benchmark. */
  public static void main(String[] args) throws Exception {
    int switches = args.length > 2 ? Integer.parseInt(args[2]) : 10_000;
    long pause = args.length > 3 ? Long.parseLong(args[3]) : 500;
    try (Engine engine = Engine.open("cpu", FallbackMode.REQUIRE_FUSED);
        Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]));
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(Path.of(args[1]));
        LanguageModel model =
            Models.load(checkpoint, engine, LoadOptions.DEFAULT.withKvTokens(8192))) {
      new AdapterSwitching().run(model, tokenizer, switches, pause * 1000);
    }
  }

  private void run(LanguageModel model, HuggingFaceTokenizer tokenizer, int switches, long pause)
      throws Exception {
    for (int i = 0; i < ADAPTERS; i++) {
      adapters.add(random(model, i));
      alone.add(new ArrayList<>());
      for (int prompt = 0; prompt < STREAMS; prompt++) {
        try (Generator generator = new Generator(model, tokenizer)) {
          var request = request(prompt, new AdapterUse(adapters.get(i), 1));
          alone.get(i).add(generator.stream(request).map(StreamToken::id).toList());
        }
      }
    }
    publish(0, 0);
    publish(1, 1);
    registry.activate("0");
    try (registry;
        Generator generator = new Generator(model, tokenizer);
        ExecutorService threads = Executors.newFixedThreadPool(STREAMS)) {
      List<Future<?>> streams = new ArrayList<>();
      for (int i = 0; i < STREAMS; i++) {
        int number = i;
        streams.add(threads.submit(() -> stream(generator, number)));
      }
      measure(switches / 5, pause); // warms up
      requests.set(0);
      long begin = System.nanoTime();
      double[][] micros = measure(switches, pause);
      double seconds = (System.nanoTime() - begin) / 1e9;
      done.set(true);
      for (Future<?> stream : streams) {
        stream.get();
      }
      print("publish", micros[0]);
      print("activate", micros[1]);
      System.out.printf(
          "%d switches in %.1f s, %d requests of %d tokens at 8 at a time, %d mixed up%n",
          switches, seconds, requests.get(), TOKENS, mixedUp.get());
    }
  }

  private static PeftAdapter random(LanguageModel model, int seed) {
    Random random = new Random(seed);
    Map<String, LowRank> deltas = new LinkedHashMap<>();
    for (Linear linear : model.forwardPass().linears()) {
      if (linear.name().contains(".layers.")) {
        deltas.put(
            linear.name(),
            new LowRank(
                numbers(random, RANK, linear.in()), numbers(random, linear.out(), RANK), 2));
      }
    }
    PeftConfig config = PeftConfig.builder(RANK, 2 * RANK).targetModules("all-linear").build();
    return PeftAdapter.of("random", config, deltas, Map.of());
  }

  private static HostTensor numbers(Random random, long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * 0.1f;
    }
    return HostTensor.of(values, rows, columns);
  }

  private static GenerationRequest request(int prompt, AdapterUse use) {
    return GenerationRequest.builder(Prompt.of(20 + prompt, 7, 100 + 3 * prompt, 11))
        .maxTokens(TOKENS)
        .ignoreEndOfSequence(true)
        .adapters(List.of(use))
        .build();
  }

  private void stream(Generator generator, int number) {
    while (!done.get()) {
      try (AdapterLease lease = registry.acquireActive().orElseThrow()) {
        List<Integer> ids =
            generator.stream(request(number, lease.use(1))).map(StreamToken::id).toList();
        int content = Objects.requireNonNull(contents.get(lease.name() + "@" + lease.version()));
        requests.incrementAndGet();
        if (!ids.equals(alone.get(content).get(number))) {
          mixedUp.incrementAndGet();
        }
      }
    }
  }

  /** Publishes a content as the next version of a name; the nanoseconds that this takes. */
  private long publish(int name, int content) {
    contents.put(name + "@" + ++versions[name], content);
    long start = System.nanoTime();
    registry.publish(Integer.toString(name), adapters.get(content));
    return System.nanoTime() - start;
  }

  private double[][] measure(int switches, long pause) {
    double[][] micros = new double[2][switches / 2];
    for (int i = 0; i < switches; i++) {
      LockSupport.parkNanos(pause);
      int name = i / 2 % 2;
      if (i % 2 == 0) {
        micros[0][i / 2] = publish(name, i / 2 % ADAPTERS) / 1e3;
      } else {
        long start = System.nanoTime();
        registry.activate(Integer.toString(name));
        micros[1][i / 2] = (System.nanoTime() - start) / 1e3;
      }
    }
    return micros;
  }

  private static void print(String what, double[] micros) {
    double[] sorted = micros.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "%s: median %.2f us, p99 %.2f us, largest %.1f us of %d%n",
        what,
        sorted[sorted.length / 2],
        sorted[sorted.length * 99 / 100],
        sorted[sorted.length - 1],
        sorted.length);
  }
}
