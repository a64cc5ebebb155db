package dev.wick.benchmarks;

import static java.util.Objects.requireNonNull;

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
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.Prompt;
import dev.wick.streaming.StreamToken;
import dev.wick.streaming.sampling.Sampler;
import dev.wick.streaming.sampling.SamplingOptions;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Measures what each view of a generation costs over a bare loop of steps and sampling, all of them
 * in turn in one process: the time per token, and the median of the ratios to the bare loop of the
 * same round.
 *
 * <p>Arguments: checkpoint folder, folder with tokenizer.json, device, rounds, tokens.
 */
public final class StreamingViews {
  private static final int[] PROMPT = {10, 11, 12, 13, 14, 15, 16, 17};
  private static final int WARM_UP = 2;

  private final LanguageModel model;
  private final Generator generator;
  private final int tokens;
  private final GenerationRequest request;
  private final StepOutput output = new StepOutput();

  private StreamingViews(LanguageModel model, Generator generator, int tokens) {
    this.model = model;
    this.generator = generator;
    this.tokens = tokens;
    this.request =
        GenerationRequest.builder(Prompt.of(PROMPT))
            .sampling(SamplingOptions.builder().temperature(0).build())
            .maxTokens(tokens)
            .ignoreEndOfSequence(true)
            .build();
  }

  /** Runs the benchmark and prints one line per view. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    String device = args.length > 2 ? args[2] : "cpu";
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 9;
    int tokens = args.length > 4 ? Integer.parseInt(args[4]) : 32;
    try (Engine engine = Engine.open(device, FallbackMode.REQUIRE_FUSED);
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model =
            Models.load(checkpoint, engine, LoadOptions.DEFAULT.withKvTokens(4096));
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(Path.of(args[1]));
        Generator generator = new Generator(model, tokenizer)) {
      new StreamingViews(model, generator, tokens).measure(rounds);
    }
  }

  private void measure(int rounds) throws Exception {
    Map<String, View> views = new LinkedHashMap<>();
    views.put("bare loop", this::bareLoop);
    views.put("callback", this::callback);
    views.put("stream", this::stream);
    views.put("publisher", this::publisher);
    views.put("future", this::future);
    List<String> names = new ArrayList<>(views.keySet());
    List<View> ways = new ArrayList<>(views.values());
    double[][] micros = new double[names.size()][rounds];
    for (int round = -WARM_UP; round < rounds; round++) {
      // Every view comes first, second and so on equally often, in case the order matters.
      for (int i = 0; i < names.size(); i++) {
        int view = Math.floorMod(round + i, names.size());
        long begin = System.nanoTime();
        int seen = ways.get(view).run();
        double elapsed = (System.nanoTime() - begin) / 1e3;
        if (seen != tokens) {
          throw new IllegalStateException(
              "%s: expected %d tokens, got %d".formatted(names.get(view), tokens, seen));
        }
        if (round >= 0) {
          micros[view][round] = elapsed / tokens;
        }
      }
    }
    for (int view = 0; view < names.size(); view++) {
      double[] ratios = new double[rounds];
      double[] costs = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        ratios[round] = 100 * (micros[view][round] / micros[0][round] - 1);
        costs[round] = micros[view][round] - micros[0][round];
      }
      System.out.printf(
          "%-10s %9.1f us/token; over the bare loop %+6.2f %% (quartiles %+.2f to %+.2f), %+.1f us%n",
          names.get(view),
          quantile(micros[view], 0.5),
          quantile(ratios, 0.5),
          quantile(ratios, 0.25),
          quantile(ratios, 0.75),
          quantile(costs, 0.5));
    }
  }

  private static double quantile(double[] values, double q) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.round(q * (sorted.length - 1))];
  }

  private int bareLoop() {
    Sampler sampler = new Sampler(request.sampling(), model.info().vocabSize());
    sampler.begin(PROMPT);
    try (KvLease lease = model.kvPool().lease()) {
      model.step(StepBatch.of(lease, Logits.LAST, PROMPT), output);
      int seen = 0;
      while (true) {
        int token = sampler.sample(output.logits(0), 0);
        sampler.accept(token);
        if (++seen == tokens) {
          return seen;
        }
        model.step(StepBatch.of(lease, Logits.LAST, token), output);
      }
    }
  }

  private int callback() {
    int[] seen = new int[1];
    generator.generate(request, _ -> ++seen[0] > 0);
    return seen[0];
  }

  private int stream() {
    try (Stream<StreamToken> stream = generator.stream(request)) {
      return (int) stream.filter(token -> token.id() >= 0).count();
    }
  }

  private int publisher() throws Exception {
    Counter counter = new Counter();
    generator.publisher(request).subscribe(counter);
    return counter.result.get();
  }

  private int future() throws Exception {
    return generator.generateAsync(request).get().usage().completionTokens();
  }

  /** A way to generate; returns the number of tokens. */
  @FunctionalInterface
  private interface View {
    int run() throws Exception;
  }

  /** Asks for one token at a time, as a slow reader would. */
  private static final class Counter implements Flow.Subscriber<StreamToken> {
    private final CompletableFuture<Integer> result = new CompletableFuture<>();
    private Flow.@Nullable Subscription subscription;
    private int count;

    @Override
    public void onSubscribe(Flow.Subscription newSubscription) {
      subscription = newSubscription;
      newSubscription.request(1);
    }

    @Override
    public void onNext(StreamToken token) {
      count++;
      requireNonNull(subscription, "onNext before onSubscribe").request(1);
    }

    @Override
    public void onError(Throwable failure) {
      result.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      result.complete(count);
    }
  }
}
