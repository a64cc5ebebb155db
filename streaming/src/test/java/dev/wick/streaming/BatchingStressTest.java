package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.model.AdapterUse;
import dev.wick.streaming.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** Requests of all kinds at once, in a cache that is too small for them, equal their solo runs. */
@Timeout(120)
class BatchingStressTest {
  private static final int REQUESTS = 60;
  private static final int BLOCKS = 60;

  @RepeatedTest(5)
  void requests_allViewsAtOnce_equalTheirSoloRuns() throws Exception {
    long seed = Long.getLong("stress.seed", System.nanoTime());
    System.out.println("-Dstress.seed=" + seed);
    Random random = new Random(seed);
    List<GenerationRequest> requests = new ArrayList<>();
    List<String> alone = new ArrayList<>();
    ScriptedModel model = ScriptedModel.hashing(BLOCKS);
    GeneratorOptions single = GeneratorOptions.DEFAULT.withPrefixReuse(false);
    try (Generator generator = new Generator(model, new TestTokenizer(pieces()), single)) {
      for (int i = 0; i < REQUESTS; i++) {
        requests.add(request(i, random));
        alone.add(generator.generate(requests.get(i)).text());
      }
    }
    GeneratorOptions options =
        new GeneratorOptions(
            1 + random.nextInt(12),
            12 + random.nextInt(20),
            random.nextBoolean(),
            random.nextBoolean() ? Speculation.OFF : Speculation.promptLookup(4));
    try (Generator generator = new Generator(model, new TestTokenizer(pieces()), options);
        ExecutorService callers = Executors.newCachedThreadPool()) {
      model.refused = batch -> batch.sequences().stream().anyMatch(s -> !s.adapters().isEmpty());
      List<CompletableFuture<String>> texts = new ArrayList<>();
      List<CompletableFuture<Completion>> failures = new ArrayList<>();
      for (GenerationRequest request : requests) {
        texts.add(run(generator, callers, request, random));
        if (random.nextInt(4) == 0) {
          failures.addAll(interfere(generator, requests.get(random.nextInt(REQUESTS)), random));
        }
      }

      for (int i = 0; i < REQUESTS; i++) {
        assertThat(texts.get(i).join()).as("seed %d, request %d", seed, i).isEqualTo(alone.get(i));
      }
      for (CompletableFuture<Completion> failure : failures) {
        assertThatThrownBy(failure::join).as("seed %d", seed).hasMessageContaining("scripted");
      }
    }
    assertThat(model.holdsNothing()).as("seed %d", seed).isTrue();
  }

  private static GenerationRequest request(int number, Random random) {
    return GenerationRequest.builder("request " + number + "x".repeat(random.nextInt(60)))
        .sampling(
            SamplingOptions.builder()
                .temperature(random.nextInt(3))
                .repetitionPenalty(1 + random.nextFloat())
                .build())
        .seed(random.nextLong())
        .stop("zz", "q")
        .maxTokens(1 + random.nextInt(60))
        .build();
  }

  private static CompletableFuture<String> run(
      Generator generator, ExecutorService callers, GenerationRequest request, Random random) {
    int view = random.nextInt(4);
    boolean slow = random.nextInt(3) == 0;
    StringBuilder text = new StringBuilder();
    return switch (view) {
      case 0 -> generator.generateAsync(request).thenApply(Completion::text);
      case 1 ->
          CompletableFuture.supplyAsync(
              () -> generator.generate(request, token -> pause(slow)).text(), callers);
      case 2 ->
          CompletableFuture.supplyAsync(
              () -> {
                generator.stream(request).forEach(token -> text.append(token.text()));
                return text.toString();
              },
              callers);
      default -> {
        CompletableFuture<String> result = new CompletableFuture<>();
        generator.publisher(request).subscribe(new OneByOne(result, slow));
        yield result;
      }
    };
  }

  /** A request that does not come to its end; those that are still to fail are returned. */
  private static List<CompletableFuture<Completion>> interfere(
      Generator generator, GenerationRequest request, Random random) {
    switch (random.nextInt(3)) {
      case 0 -> generator.generateAsync(request).cancel(true);
      case 1 -> {
        int end = random.nextInt(6);
        generator.generate(request, token -> token.index() < end);
      }
      default -> {
        List<AdapterUse> refused = List.of(new AdapterUse(new NamedAdapter("refused"), 1));
        return List.of(
            generator.generateAsync(
                GenerationRequest.builder(request.prompt()).adapters(refused).build()));
      }
    }
    return List.of();
  }

  private static boolean pause(boolean slow) {
    for (int i = 0; slow && i < 2000; i++) {
      Thread.onSpinWait();
    }
    return true;
  }

  private static String[] pieces() {
    String[] pieces = new String[400 - TestTokenizer.FIRST_PIECE];
    java.util.Arrays.setAll(pieces, i -> "piece" + i);
    return pieces;
  }

  /** A subscriber that asks for the next token when it has one. */
  private static final class OneByOne extends Recorder {
    private final CompletableFuture<String> result;
    private final boolean slow;

    OneByOne(CompletableFuture<String> result, boolean slow) {
      this.result = result;
      this.slow = slow;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      super.onSubscribe(given);
      given.request(1);
    }

    @Override
    public void onNext(StreamToken token) {
      super.onNext(token);
      pause(slow);
      try {
        subscription().request(1);
      } catch (InterruptedException e) {
        result.completeExceptionally(e);
      }
    }

    @Override
    public void onError(Throwable failure) {
      super.onError(failure);
      result.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      super.onComplete();
      result.complete(text());
    }
  }
}
