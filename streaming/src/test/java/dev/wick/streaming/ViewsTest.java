package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.streaming.sampling.LogitsException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ViewsTest {
  @Test
  void stream_notPulled_computesNothing() {
    ScriptedModel model = ScriptedModel.saying("abc");
    try (Generator generator = new Generator(model, new TestTokenizer());
        Stream<StreamToken> stream = generator.stream(GenerationRequest.of("p"))) {
      assertThat(model.steps).hasValue(0);

      Iterator<StreamToken> tokens = stream.iterator();
      assertThat(tokens.next().text()).isEqualTo("a");
      assertThat(tokens.next().text()).isEqualTo("b");
      assertThat(model.steps).hasValue(2);
    }
    assertThat(model.holdsNothing()).isTrue();
    assertThat(model.threads).containsOnly(Thread.currentThread());
  }

  @Test
  void stream_closedEarly_returnsTheBlocks() {
    ScriptedModel model = ScriptedModel.saying("abc");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      try (Stream<StreamToken> stream = generator.stream(GenerationRequest.of("p"))) {
        assertThat(stream.limit(3).map(StreamToken::text).toList()).containsExactly("a", "b", "c");
        assertThat(model.holdsNothing()).isFalse();
      }
      assertThat(model.holdsNothing()).isTrue();
    }
  }

  @Test
  void stream_readToTheEnd_returnsTheBlocksWithoutClose() {
    ScriptedModel model = ScriptedModel.saying("abc");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      assertThat(generator.stream(request(5)).map(StreamToken::text).toList())
          .containsExactly("a", "b", "c", "a", "b");
      assertThat(model.holdsNothing()).isTrue();
    }
  }

  @Test
  void stream_generatorClosed_throws() {
    Generator generator = new Generator(ScriptedModel.saying("abc"), new TestTokenizer());
    Iterator<StreamToken> tokens = generator.stream(GenerationRequest.of("p")).iterator();
    tokens.next();
    generator.close();

    assertThatThrownBy(tokens::next)
        .isInstanceOf(CancellationException.class)
        .hasMessage("generator: closed before the generation came to its end");
  }

  @Test
  void stream_nanLogits_throwsAndReturnsTheBlocks() {
    ScriptedModel model = ScriptedModel.saying("abc");
    model.nanAtStep = 1;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Stream<StreamToken> stream = generator.stream(GenerationRequest.of("p"));

      assertThatThrownBy(stream::toList).isInstanceOf(LogitsException.class);
      assertThat(model.holdsNothing()).isTrue();
    }
  }

  @Test
  void publisher_demand_computesNoMoreThanAskedFor() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abcdef");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Recorder recorder = new Recorder();
      generator.publisher(request(14)).subscribe(recorder);
      assertThat(model.steps).hasValue(0);

      recorder.subscription().request(2);
      recorder.awaitTokens(2);
      assertThat(model.steps).hasValue(2);

      generator.generateAsync(request(100)).join(); // computes the subscriber's next ones along
      assertThat(recorder.text()).isEqualTo("ab");
      assertThat(model.stepRows.stream().mapToInt(Integer::intValue).sum()).isEqualTo(102 + 8);

      recorder.subscription().request(100);
      recorder.awaitEnd();
      assertThat(recorder.text()).isEqualTo("abcdefabcdefab");
      assertThat(recorder.completed).isTrue();
      assertThat(model.holdsNothing()).isTrue();
      assertThat(model.threads).allMatch(t -> t.getName().startsWith("wick-generator-"));
      assertThat(model.threads).allMatch(Thread::isDaemon);
    }
  }

  @Test
  void publisher_twoSubscribers_haveAGenerationEach() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abcdef");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      var publisher = generator.publisher(request(3));
      Recorder first = new Recorder();
      Recorder second = new Recorder();
      publisher.subscribe(first);
      publisher.subscribe(second);
      first.subscription().request(1);
      second.subscription().request(Long.MAX_VALUE);
      first.subscription().request(2);
      first.awaitEnd();
      second.awaitEnd();

      assertThat(first.text()).isEqualTo("abc");
      assertThat(second.text()).isEqualTo("abc");
    }
  }

  @Test
  void publisher_cancelDuringAStep_returnsTheBlocksAfterIt() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abcdef");
    CountDownLatch inStep = new CountDownLatch(1);
    Semaphore mayGoOn = new Semaphore(0);
    Generator generator = new Generator(model, new TestTokenizer());
    Recorder recorder = new Recorder();
    generator.publisher(GenerationRequest.of("p")).subscribe(recorder);
    model.beforeStep =
        () -> {
          inStep.countDown();
          mayGoOn.acquireUninterruptibly();
        };
    recorder.subscription().request(Long.MAX_VALUE);
    inStep.await();

    recorder.subscription().cancel();
    mayGoOn.release();
    model.beforeStep = () -> {};
    generator.close(); // waits for the thread

    assertThat(model.steps).hasValue(1);
    assertThat(recorder.tokens).isEmpty();
    assertThat(recorder.completed).isFalse();
    assertThat(recorder.failures).isEmpty();
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void publisher_cancelBetweenSteps_returnsTheBlocksAtOnce() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abcdef");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Recorder recorder = new Recorder();
      generator.publisher(GenerationRequest.of("p")).subscribe(recorder);
      recorder.subscription().request(2);
      recorder.awaitTokens(2);
      generator.generateAsync(request(1)).join();

      recorder.subscription().cancel();

      assertThat(model.holdsNothing()).isTrue();
    }
  }

  @Test
  void publisher_failure_isSignalled() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abcdef");
    model.failAtStep = 1;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Recorder recorder = new Recorder();
      generator.publisher(GenerationRequest.of("p")).subscribe(recorder);
      recorder.subscription().request(10);
      recorder.awaitEnd();

      assertThat(recorder.text()).isEqualTo("a");
      assertThat(recorder.failures)
          .singleElement()
          .isInstanceOf(IllegalStateException.class)
          .extracting(Throwable::getMessage)
          .isEqualTo("scripted failure");
      assertThat(model.holdsNothing()).isTrue();
    }
  }

  @Test
  void publisher_generatorClosed_signalsIt() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abcdef");
    Generator generator = new Generator(model, new TestTokenizer());
    Recorder early = new Recorder();
    generator.publisher(GenerationRequest.of("p")).subscribe(early);
    early.subscription().request(1);
    early.awaitTokens(1);
    generator.close(); // without further demand
    early.awaitEnd();
    Recorder late = new Recorder();
    generator.publisher(GenerationRequest.of("p")).subscribe(late);
    late.subscription().request(1);
    late.awaitEnd();

    assertThat(early.failures).singleElement().isInstanceOf(CancellationException.class);
    assertThat(late.failures).singleElement().isInstanceOf(IllegalStateException.class);
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void publisher_badDemand_isAnErrorThatNamesTheRule() throws InterruptedException {
    try (Generator generator = new Generator(ScriptedModel.saying("a"), new TestTokenizer())) {
      Recorder recorder = new Recorder();
      generator.publisher(GenerationRequest.of("p")).subscribe(recorder);
      recorder.subscription().request(0);
      recorder.awaitEnd();

      assertThat(recorder.failures.getFirst())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("request: expected a demand of at least 1 token (3.9), got 0");
    }
  }

  @Test
  void generateAsync_blockedModel_doesNotBlockTheCaller() throws Exception {
    ScriptedModel model = ScriptedModel.saying("abc");
    Semaphore mayGoOn = new Semaphore(0);
    model.beforeStep = mayGoOn::acquireUninterruptibly;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      CompletableFuture<Completion> future = generator.generateAsync(request(3));
      Recorder recorder = new Recorder();
      generator.publisher(request(3)).subscribe(recorder);
      recorder.subscription().request(3);

      assertThat(future).isNotDone();
      mayGoOn.release(6);
      assertThat(future.get(60, TimeUnit.SECONDS).text()).isEqualTo("abc");
      recorder.awaitEnd();
      assertThat(recorder.text()).isEqualTo("abc");
    }
    assertThat(model.threads).doesNotContain(Thread.currentThread());
  }

  @Test
  void generateAsync_failure_failsTheFuture() {
    ScriptedModel model = ScriptedModel.saying("abc");
    model.nanAtStep = 0;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      CompletableFuture<Completion> future = generator.generateAsync(request(3));

      assertThatThrownBy(future::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(LogitsException.class);
      assertThatThrownBy(future::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(LogitsException.class);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generateAsync_cancelled_endsTheGeneration() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abc");
    CountDownLatch inStep = new CountDownLatch(2);
    model.beforeStep = inStep::countDown;
    Generator generator = new Generator(model, new TestTokenizer());
    CompletableFuture<Completion> future = generator.generateAsync(GenerationRequest.of("p"));
    inStep.await();

    assertThat(future.cancel(true)).isTrue();
    generator.close();

    assertThat(model.holdsNothing()).isTrue();
    assertThat(model.steps.get()).isLessThan(4095);
  }

  @Test
  void close_runningGenerations_endsThemAndTheThreads() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abc");
    CountDownLatch inStep = new CountDownLatch(3);
    model.beforeStep = inStep::countDown;
    Generator generator = new Generator(model, new TestTokenizer());
    CompletableFuture<Completion> future = generator.generateAsync(GenerationRequest.of("p"));
    inStep.await();

    generator.close();

    assertThat(future.join().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(model.holdsNothing()).isTrue();
    for (Thread thread : model.threads) {
      thread.join();
    }
    assertThatThrownBy(() -> generator.generateAsync(GenerationRequest.of("p")))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void close_fromASubscriber_doesNotWaitForItself() throws InterruptedException {
    ScriptedModel model = ScriptedModel.saying("abc");
    Generator generator = new Generator(model, new TestTokenizer());
    Recorder recorder =
        new Recorder() {
          @Override
          public void onNext(StreamToken token) {
            super.onNext(token);
            generator.close();
          }
        };
    generator.publisher(GenerationRequest.of("p")).subscribe(recorder);
    recorder.subscription().request(5);
    recorder.awaitEnd();

    assertThat(recorder.text()).isEqualTo("a");
    assertThat(recorder.failures).singleElement().isInstanceOf(CancellationException.class);
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void manyGenerations_allViewsAtOnce_doNotMix() throws InterruptedException {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      int count = 24;
      List<GenerationRequest> requests = new ArrayList<>();
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        requests.add(
            GenerationRequest.builder("prompt " + "x".repeat(i * 40) + i).maxTokens(40).build());
        expected.add(generator.generate(requests.get(i)).text());
      }
      assertThat(expected).doesNotHaveDuplicates();

      List<CompletableFuture<Completion>> futures = new ArrayList<>();
      List<Recorder> recorders = new ArrayList<>();
      List<String> streamed = new ArrayList<>();
      for (int i = 0; i < count; i += 3) {
        futures.add(generator.generateAsync(requests.get(i)));
        Recorder recorder = new Recorder();
        recorders.add(recorder);
        generator.publisher(requests.get(i + 1)).subscribe(recorder);
        recorder.subscription().request(Long.MAX_VALUE);
      }
      for (int i = 2; i < count; i += 3) {
        StringBuilder text = new StringBuilder();
        generator.stream(requests.get(i)).forEach(token -> text.append(token.text()));
        streamed.add(text.toString());
      }

      for (int i = 0; i < count / 3; i++) {
        recorders.get(i).awaitEnd();
        assertThat(futures.get(i).join().text()).isEqualTo(expected.get(3 * i));
        assertThat(recorders.get(i).text()).isEqualTo(expected.get(3 * i + 1));
        assertThat(streamed.get(i)).isEqualTo(expected.get(3 * i + 2));
      }
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void manyGenerations_cancelledAtRandom_leaveNoBlocks() throws InterruptedException {
    long seed = System.nanoTime();
    java.util.Random random = new java.util.Random(seed);
    ScriptedModel model = ScriptedModel.hashing();
    Generator generator = new Generator(model, new TestTokenizer());
    List<CompletableFuture<Completion>> futures = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      futures.add(generator.generateAsync(request(1 + random.nextInt(30))));
      Recorder recorder = new Recorder();
      generator.publisher(request(20)).subscribe(recorder);
      recorder.subscription().request(random.nextInt(25) + 1);
      if (random.nextBoolean()) {
        recorder.subscription().cancel();
      }
      futures.get(random.nextInt(futures.size())).cancel(true);
    }
    generator.close();

    assertThat(model.holdsNothing()).as("seed " + seed).isTrue();
    assertThat(futures).allMatch(CompletableFuture::isDone);
  }

  private static GenerationRequest request(int maxTokens) {
    return GenerationRequest.builder("p").maxTokens(maxTokens).build();
  }
}
