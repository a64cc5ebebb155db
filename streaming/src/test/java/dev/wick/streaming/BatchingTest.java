package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvExhaustedException;
import dev.wick.engine.model.KvLease;
import dev.wick.streaming.sampling.LogitsException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that share steps. */
@Timeout(120)
class BatchingTest {
  private final Semaphore steps = new Semaphore(0);

  @Test
  void step_severalRequests_computesOneRaggedBatch() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator =
        new Generator(
            model, new TestTokenizer(), GeneratorOptions.DEFAULT.withPrefixReuse(false))) {
      List<String> alone = new ArrayList<>();
      for (String prompt : List.of("first", "second one", "the third")) {
        alone.add(generator.generate(request(prompt, 5)).text());
      }
      model.batches.clear();
      model.beforeStep = this::awaitPermit;

      CompletableFuture<Completion> first = generator.generateAsync(request("first", 5));
      await(() -> generator.stats().running() == 1);
      CompletableFuture<Completion> second = generator.generateAsync(request("second one", 5));
      await(() -> generator.stats().waiting() == 1);
      CompletableFuture<Completion> third = generator.generateAsync(request("the third", 5));
      await(() -> generator.stats().waiting() == 2);
      steps.release(100);

      assertThat(List.of(first.join().text(), second.join().text(), third.join().text()))
          .isEqualTo(alone);
      assertThat(model.batches)
          .containsExactly(
              List.of(5),
              List.of(1, 10, 9),
              List.of(1, 1, 1),
              List.of(1, 1, 1),
              List.of(1, 1, 1),
              List.of(1, 1));
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void step_longPromptBesideAStream_leavesRoomForTheStream() {
    ScriptedModel model = ScriptedModel.hashing();
    model.beforeStep = this::awaitPermit;
    try (Generator generator = generator(model, 4, 10)) {
      CompletableFuture<Completion> stream = generator.generateAsync(request("s", 20));
      await(() -> generator.stats().running() == 1);
      CompletableFuture<Completion> longPrompt =
          generator.generateAsync(request("p".repeat(40), 2));
      await(() -> generator.stats().waiting() == 1);
      CompletableFuture<Completion> shortPrompt = generator.generateAsync(request("qrs", 2));
      await(() -> generator.stats().waiting() == 2);
      steps.release(100);
      CompletableFuture.allOf(stream, longPrompt, shortPrompt).join();

      assertThat(model.batches)
          .startsWith(
              List.of(1),
              List.of(1, 9),
              List.of(1, 9),
              List.of(1, 9),
              List.of(1, 9),
              List.of(1, 4, 3),
              List.of(1, 1, 1),
              List.of(1));
      assertThat(model.stepRows).allMatch(rows -> rows <= 10);
    }
  }

  @Test
  void generate_promptInParts_equalsWholePrompt() {
    GenerationRequest request = request("a prompt of some length, for parts", 30);
    String whole;
    try (Generator generator = new Generator(ScriptedModel.hashing(), new TestTokenizer())) {
      whole = generator.generate(request).text();
    }
    for (int part : new int[] {1, 2, 3, 7, 33, 34, 35}) {
      ScriptedModel model = ScriptedModel.hashing();
      try (Generator generator = generator(model, 1, part)) {
        assertThat(generator.generate(request).text()).as("parts of %d", part).isEqualTo(whole);
      }
      assertThat(model.stepRows).startsWith(Math.min(34, part)).allMatch(rows -> rows <= part);
    }
  }

  @Test
  void generate_slowCallback_holdsNobodyUp() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      GenerationRequest slow = request("slow", 60);
      String expected = generator.generate(slow).text();
      CountDownLatch inCallback = new CountDownLatch(1);
      Semaphore mayGoOn = new Semaphore(0);
      CompletableFuture<Completion> result =
          CompletableFuture.supplyAsync(
              () ->
                  generator.generate(
                      slow,
                      token -> {
                        inCallback.countDown();
                        mayGoOn.acquireUninterruptibly();
                        return true;
                      }),
              Thread::startVirtualThread);
      await(() -> inCallback.getCount() == 0);
      model.stepRows.clear();

      assertThat(generator.generate(request("fast", 50)).usage().completionTokens()).isEqualTo(50);
      assertThat(model.stepRows.stream().mapToInt(Integer::intValue).sum())
          .isEqualTo(4 + 49 + Generation.MOST_AHEAD);
      assertThat(generator.stats().paused()).isEqualTo(1);
      assertThat(generator.stats().usedKvBlocks()).isPositive();
      mayGoOn.release(100);
      assertThat(result.join().text()).isEqualTo(expected);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generate_callbackStopsAfterTokensAhead_forgetsThem() {
    ScriptedModel model = ScriptedModel.saying("abcdefgh");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Completion completion =
          generator.generate(
              request("p", 60),
              token -> {
                generator.generateAsync(request("q", 30)).join();
                return token.index() < 1;
              });

      assertThat(completion.text()).isEqualTo("ab");
      assertThat(completion.usage()).isEqualTo(new Usage(1, 2));
      assertThat(completion.finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void admission_noFreeBlocks_waitsInOrder() {
    ScriptedModel model = ScriptedModel.hashing(12);
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Stream<StreamToken> holder = generator.stream(request("x".repeat(28), 30));
      Iterator<StreamToken> tokens = holder.iterator();
      tokens.next();
      CompletableFuture<Completion> large = generator.generateAsync(request("y".repeat(20), 1));
      await(() -> generator.stats().waiting() == 1);
      CompletableFuture<Completion> small = generator.generateAsync(request("z", 1));
      await(() -> generator.stats().waiting() == 2);

      assertThat(large).isNotDone();
      assertThat(small).isNotDone(); // behind the large one, though there is room for it
      holder.close();
      assertThat(large.join().usage().completionTokens()).isEqualTo(1);
      assertThat(small.join().usage().completionTokens()).isEqualTo(1);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void admission_blocksHeldOutside_waitsUntilTheyComeBack() {
    ScriptedModel model = ScriptedModel.hashing(4);
    try (Generator generator = new Generator(model, new TestTokenizer());
        KvLease outside = model.kvPool().lease()) {
      outside.reserve(12);
      CompletableFuture<Completion> future = generator.generateAsync(request("12345678", 2));
      await(() -> generator.stats().waiting() == 1);
      outside.truncate(0);

      assertThat(future.join().usage().completionTokens()).isEqualTo(2);
    }
  }

  @Test
  void admission_moreThanTheCacheHolds_isRefusedAtOnce() {
    ScriptedModel model = ScriptedModel.hashing(4);
    try (Generator generator = new Generator(model, new TestTokenizer());
        Stream<StreamToken> holder = generator.stream(request("hold", 8))) {
      Iterator<StreamToken> tokens = holder.iterator();
      tokens.next();

      assertThatThrownBy(() -> generator.generate(request("x".repeat(17), 1)))
          .isInstanceOf(KvExhaustedException.class);
      assertThat(tokens.next().index()).isEqualTo(1);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void running_noFreeBlocks_newestIsComputedAgainLater() {
    ScriptedModel model = ScriptedModel.hashing(12); // 48 tokens for two times 32
    model.beforeStep = this::awaitPermit;
    try (Generator generator = generator(model, 4, 16)) {
      CompletableFuture<Completion> older = generator.generateAsync(request("older", 27));
      await(() -> generator.stats().running() == 1);
      CompletableFuture<Completion> newer = generator.generateAsync(request("newer", 27));
      await(() -> generator.stats().waiting() == 1);
      steps.release(1000);
      Completion olderResult = older.join();
      Completion newerResult = newer.join();

      assertThat(generator.stats().preemptions()).isPositive();
      assertThat(olderResult.tokenIds())
          .isEqualTo(generator.generate(request("older", 27)).tokenIds());
      assertThat(newerResult.tokenIds())
          .isEqualTo(generator.generate(request("newer", 27)).tokenIds());
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void step_nanLogitsOfOne_endsOnlyThatOne() {
    ScriptedModel model = ScriptedModel.hashing();
    model.nanAfter = tokens -> tokens[0] == 'b' && tokens.length == 6;
    isolated(model, LogitsException.class, "sample: expected finite logits in step 3, got NaN");
  }

  @Test
  void step_refusedForOne_endsOnlyThatOne() {
    ScriptedModel model = ScriptedModel.hashing();
    model.refused = batch -> batch.sequences().stream().anyMatch(s -> !s.adapters().isEmpty());
    isolated(model, IllegalStateException.class, "scripted failure");
  }

  /** Runs a request beside one that begins with b and names an adapter, which has to fail. */
  private void isolated(ScriptedModel model, Class<? extends Throwable> failure, String message) {
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      String expected = generator.generate(request("good", 10)).text();
      model.beforeStep = this::awaitPermit;
      CompletableFuture<Completion> good = generator.generateAsync(request("good", 10));
      await(() -> generator.stats().running() == 1);
      CompletableFuture<Completion> bad =
          generator.generateAsync(
              GenerationRequest.builder("bad")
                  .maxTokens(10)
                  .adapters(List.of(new AdapterUse(new NamedAdapter("a"), 1)))
                  .build());
      await(() -> generator.stats().waiting() == 1);
      steps.release(100);

      assertThat(good.join().text()).isEqualTo(expected);
      assertThatThrownBy(bad::join).cause().isInstanceOf(failure).hasMessageStartingWith(message);
      assertThat(model.batches).contains(List.of(1, 3));
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void request_adapters_reachTheStepWithTheirWeights() {
    ScriptedModel model = ScriptedModel.hashing();
    List<AdapterUse> uses =
        List.of(
            new AdapterUse(new NamedAdapter("x"), 0.5f), new AdapterUse(new NamedAdapter("y"), 2));
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      generator.generate(GenerationRequest.builder("p").maxTokens(2).adapters(uses).build());
    }

    assertThat(model.adapters).containsExactly(uses, uses);
  }

  @Test
  void request_noAdapters_keepsTheDefaultThatItBeganWith() {
    ScriptedModel model = ScriptedModel.hashing();
    Adapter first = new NamedAdapter("first");
    model.apply(first);
    try (Generator generator = new Generator(model, new TestTokenizer());
        Stream<StreamToken> stream = generator.stream(request("p", 3))) {
      Iterator<StreamToken> tokens = stream.iterator();
      tokens.next();
      model.remove();
      tokens.next();
      generator.generate(request("p", 1));
    }

    List<AdapterUse> use = List.of(new AdapterUse(first, 1));
    assertThat(model.adapters).containsExactly(use, use, use, List.of());
  }

  @Test
  void request_withoutTheDefault_getsTheBaseModel() {
    ScriptedModel model = ScriptedModel.hashing();
    Adapter adapter = new NamedAdapter("default");
    model.apply(adapter);
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      generator.generate(GenerationRequest.builder("p").maxTokens(1).defaultAdapter(false).build());
      generator.generate(request("p", 1));
    }

    assertThat(model.adapters).containsExactly(List.of(), List.of(new AdapterUse(adapter, 1)));
  }

  @Test
  void generate_callbackThrows_endsOnlyItsOwn() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      String expected = generator.generate(request("other", 40)).text();
      CompletableFuture<Completion> other = generator.generateAsync(request("other", 40));

      assertThatThrownBy(
              () ->
                  generator.generate(
                      request("p", 10),
                      token -> {
                        throw new UnsupportedOperationException("no");
                      }))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThat(other.join().text()).isEqualTo(expected);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generate_threadInterrupted_endsOnlyItsOwn() throws InterruptedException {
    ScriptedModel model = ScriptedModel.hashing();
    model.beforeStep = this::awaitPermit;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      CompletableFuture<Completion> other = generator.generateAsync(request("other", 10));
      await(() -> generator.stats().running() == 1);
      CompletableFuture<Completion> result = new CompletableFuture<>();
      CompletableFuture<Boolean> stillInterrupted = new CompletableFuture<>();
      Thread caller =
          Thread.ofPlatform()
              .start(
                  () -> {
                    result.complete(generator.generate(request("own", 10)));
                    stillInterrupted.complete(Thread.currentThread().isInterrupted());
                  });
      await(() -> generator.stats().waiting() == 1);
      caller.interrupt();
      caller.join(); // though no step comes to its end

      assertThat(result.join().finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(stillInterrupted.join()).isTrue();
      steps.release(100);
      assertThat(other.join().usage().completionTokens()).isEqualTo(10);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void stream_threadInterrupted_throwsAndReturnsTheBlocks() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = new Generator(model, new TestTokenizer());
        Stream<StreamToken> stream = generator.stream(request("p", 9))) {
      Iterator<StreamToken> tokens = stream.iterator();
      tokens.next();
      Thread.currentThread().interrupt();

      assertThatThrownBy(tokens::hasNext)
          .isInstanceOf(CancellationException.class)
          .hasMessage("generator: the thread that reads was interrupted");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(model.holdsNothing()).isTrue();
    }
  }

  @Test
  void cancel_inTheMiddleOfAStep_returnsTheBlocksWithIt() {
    ScriptedModel model = ScriptedModel.hashing();
    model.beforeStep = this::awaitPermit;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      CompletableFuture<Completion> stays = generator.generateAsync(request("stays", 30));
      await(() -> generator.stats().running() == 1);
      CompletableFuture<Completion> goes = generator.generateAsync(request("goes", 30));
      await(() -> generator.stats().waiting() == 1);
      steps.release(3);
      await(() -> generator.stats().steps() == 3 && steps.availablePermits() == 0);

      goes.cancel(true);
      assertThat(generator.stats().running()).isEqualTo(2); // the step needs its blocks
      steps.release(1);
      await(() -> generator.stats().steps() == 4);
      assertThat(generator.stats().running()).isEqualTo(1);
      steps.release(100);
      assertThat(stays.join().usage().completionTokens()).isEqualTo(30);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void close_runningAndWaiting_endsAll() {
    ScriptedModel model = ScriptedModel.hashing();
    Generator generator = generator(model, 2, 8);
    List<CompletableFuture<Completion>> futures = new ArrayList<>();
    model.beforeStep = this::awaitPermit;
    for (int i = 0; i < 5; i++) {
      futures.add(generator.generateAsync(request("request " + i, 30)));
    }
    await(() -> generator.stats().running() + generator.stats().waiting() == 5);
    steps.release(1000);
    generator.close();

    for (CompletableFuture<Completion> future : futures) {
      assertThat(future.join().finishReason()).isIn(FinishReason.CANCELLED, FinishReason.LENGTH);
    }
    assertThat(model.holdsNothing()).isTrue();
    assertThat(generator.stats().running() + generator.stats().waiting()).isZero();
  }

  @Test
  void batchSize_moreRequests_eachGetsItsTurn() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = generator(model, 2, 8)) {
      List<Iterator<StreamToken>> streams = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        streams.add(generator.stream(request("stream " + i, 40)).iterator());
      }
      for (int round = 0; round < 40; round++) {
        for (Iterator<StreamToken> stream : streams) {
          assertThat(stream.next().index()).isEqualTo(round);
        }
      }
    }
    assertThat(model.batches).allMatch(batch -> batch.size() <= 2);
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void stats_afterARequest_countIt() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = generator(model, 2, 8);
        Stream<StreamToken> stream = generator.stream(request("ten tokens", 40))) {
      Iterator<StreamToken> tokens = stream.iterator();
      tokens.next();
      tokens.next();

      assertThat(generator.stats())
          .isEqualTo(new GeneratorStats(1, 0, 0, 3, 11, 2, 0, 10, 0, 0, 0, 3, 0, 2048));
    }
  }

  @Test
  void options_outOfRange_nameBoth() {
    assertThatThrownBy(() -> GeneratorOptions.DEFAULT.withMaxBatchSize(0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new GeneratorOptions(8, 7))
        .hasMessage(
            "generator: expected at least one request in a step and as many tokens as requests,"
                + " got maxBatchSize 8 and maxBatchTokens 7");
  }

  /** Waits until the test lets a step be computed; not for ever, so that a failing test ends. */
  private void awaitPermit() {
    try {
      assertThat(steps.tryAcquire(60, TimeUnit.SECONDS)).as("step let through").isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Generator generator(ScriptedModel model, int batchSize, int batchTokens) {
    return new Generator(model, new TestTokenizer(), new GeneratorOptions(batchSize, batchTokens));
  }

  private static GenerationRequest request(String prompt, int maxTokens) {
    return GenerationRequest.builder(prompt).maxTokens(maxTokens).build();
  }

  /** Looks until it is so; the test's time limit ends it. */
  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      assertThat(Thread.currentThread().isInterrupted()).as("out of time").isFalse();
      Thread.onSpinWait();
    }
  }
}
