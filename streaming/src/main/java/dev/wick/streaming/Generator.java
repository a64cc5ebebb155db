package dev.wick.streaming;

import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Tokenizer;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs requests on a model and shows the tokens in four ways: to a callback, as a {@link Stream},
 * as a {@link Flow.Publisher} and as a {@link CompletableFuture}.
 *
 * <p>The callback and the stream compute on the thread that calls them; the publisher and the
 * future on threads of the generator, which are daemons and end with it, so that the caller never
 * waits. Any number of requests may run at a time: they share the steps of the model, each of which
 * is computed for all by one of the threads that wait for tokens. {@link GeneratorOptions} bounds
 * how much goes into a step; requests for which the key-value cache has no room wait, the oldest
 * first. Each has its own sampler, seed, stop conditions and adapters, and a failure ends no other.
 *
 * <p>A request that runs alone is computed when its reader asks, token by token. Beside others it
 * may be up to 8 tokens ahead of its reader, so that nobody waits for a slow one; further it is
 * left out of the steps until the reader has caught up.
 *
 * <p>Thread-safe. Closing cancels what is running and waits for the step under way; it does not
 * close the model.
 */
public final class Generator implements AutoCloseable {
  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final Scheduler scheduler;
  private final Set<TokenSubscription> subscriptions = ConcurrentHashMap.newKeySet();
  private final GeneratorThreads threads = new GeneratorThreads();

  /** A generator on a model, with the tokenizer of the same checkpoint. */
  public Generator(LanguageModel model, Tokenizer tokenizer) {
    this(model, tokenizer, GeneratorOptions.DEFAULT);
  }

  /** A generator that shares steps as the options say. */
  public Generator(LanguageModel model, Tokenizer tokenizer, GeneratorOptions options) {
    this.model = Objects.requireNonNull(model, "model");
    this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
    this.scheduler = new Scheduler(model, Objects.requireNonNull(options, "options"));
  }

  /** The model. */
  public LanguageModel model() {
    return model;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** What it is doing and has done. */
  public GeneratorStats stats() {
    return scheduler.stats();
  }

  /**
   * Runs a request on the calling thread. If that is interrupted or the generator closed meanwhile,
   * the result has what there was and {@link FinishReason#CANCELLED}.
   *
   * @throws ContextTooLongException if the prompt leaves no room in the context
   * @throws dev.wick.streaming.sampling.LogitsException if no token can be picked
   * @throws dev.wick.engine.model.KvExhaustedException if the key-value cache is too small for the
   *     request even when nobody else uses it
   */
  public Completion generate(GenerationRequest request) {
    return run(start(request, false), token -> true);
  }

  /**
   * Runs a request on the calling thread and hands over each token as it is computed.
   *
   * @param callback returns whether to go on; an exception of it ends the generation and reaches
   *     the caller
   * @return the result; its finish reason is {@link FinishReason#CANCELLED} if the callback ended
   *     it, the thread was interrupted or the generator closed
   * @throws ContextTooLongException if the prompt leaves no room in the context
   * @throws dev.wick.streaming.sampling.LogitsException if no token can be picked
   * @throws dev.wick.engine.model.KvExhaustedException if the key-value cache is too small for the
   *     request even when nobody else uses it
   */
  public Completion generate(GenerationRequest request, Predicate<? super StreamToken> callback) {
    Objects.requireNonNull(callback, "callback");
    return run(start(request, true), callback);
  }

  private Completion run(Generation generation, Predicate<? super StreamToken> callback) {
    try {
      StreamToken token = scheduler.next(generation);
      while (token != null && callback.test(token)) {
        token = scheduler.next(generation);
      }
      return scheduler.completion(generation);
    } finally {
      end(generation);
    }
  }

  /**
   * The tokens of a request as a stream that computes each token when it is asked for it, on the
   * thread that asks. Close the stream if it may not be read to its end: that ends the generation.
   *
   * <p>What {@link #generate(GenerationRequest)} throws, the stream's terminal operation does; a
   * {@link CancellationException} if the generator is closed meanwhile or the thread interrupted.
   */
  public Stream<StreamToken> stream(GenerationRequest request) {
    Generation generation = start(request, true);
    var tokens =
        new Spliterators.AbstractSpliterator<StreamToken>(
            Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE) {
          @Override
          public boolean tryAdvance(Consumer<? super StreamToken> action) {
            StreamToken token = next(generation);
            if (token == null) {
              return false;
            }
            action.accept(token);
            return true;
          }
        };
    return StreamSupport.stream(tokens, false).onClose(() -> end(generation));
  }

  /**
   * The next token of a generation, or null after the last one.
   *
   * @throws CancellationException if this generator was closed before the last one, or this thread
   *     interrupted
   */
  @Nullable StreamToken next(Generation generation) {
    StreamToken token = scheduler.next(generation);
    if (token == null && scheduler.isCutShort(generation)) {
      if (scheduler.isClosed()) {
        throw closedMeanwhile();
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException("generator: the thread that reads was interrupted");
      }
    }
    return token;
  }

  /**
   * The tokens of a request as a publisher. Each subscriber gets a generation of its own, which
   * begins with the first demand, gets no token for which there is none, and pauses without.
   * Cancelling the subscription ends it within one step. Signals come from threads of the
   * generator.
   *
   * <p>What {@link #generate(GenerationRequest)} throws is signalled as {@code onError}; a {@link
   * CancellationException} if the generator is closed meanwhile.
   */
  public Flow.Publisher<StreamToken> publisher(GenerationRequest request) {
    Objects.requireNonNull(request, "request");
    return subscriber -> {
      Objects.requireNonNull(subscriber, "subscriber");
      new TokenSubscription(this, request, subscriber).begin(subscriber);
    };
  }

  /**
   * Runs a request on a thread of the generator. The future fails with what {@link
   * #generate(GenerationRequest)} throws; cancelling it ends the generation. If the generator is
   * closed meanwhile, the result has what there was and {@link FinishReason#CANCELLED}.
   */
  public CompletableFuture<Completion> generateAsync(GenerationRequest request) {
    Generation generation = start(request, false);
    CompletableFuture<Completion> future = new CompletableFuture<>();
    var _ = future.whenComplete((completion, failure) -> end(generation));
    try {
      var _ = future.completeAsync(() -> run(generation, token -> true), threads::execute);
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(closedAlready().initCause(e));
    }
    return future;
  }

  private Generation start(GenerationRequest request, boolean watched) {
    Objects.requireNonNull(request, "request");
    if (isClosed()) {
      throw closedAlready();
    }
    return scheduler.newGeneration(tokenizer, request, watched);
  }

  /** Starts the generation of a subscription, which hears of a {@link #close} from now on. */
  Generation start(GenerationRequest request, TokenSubscription subscription) {
    Generation generation = start(request, true);
    subscriptions.add(subscription);
    return generation;
  }

  /** Forgets a subscription that has ended. */
  void end(TokenSubscription subscription) {
    subscriptions.remove(subscription);
  }

  boolean isClosed() {
    return scheduler.isClosed();
  }

  /** Ends a generation, whether it has come to its end or not. */
  void end(Generation generation) {
    scheduler.cancel(generation);
  }

  /**
   * Runs a task on a thread of this generator.
   *
   * @throws RejectedExecutionException if the generator is closed
   */
  void execute(Runnable task) {
    threads.execute(task);
  }

  /** What a call on a closed generator fails with. */
  static IllegalStateException closedAlready() {
    return new IllegalStateException("generator: expected an open generator, got a closed one");
  }

  /** What a generation under way fails with when its generator is closed. */
  static CancellationException closedMeanwhile() {
    return new CancellationException("generator: closed before the generation came to its end");
  }

  /** Cancels what is running, waits for it and ends the threads; idempotent. */
  @Override
  public void close() {
    scheduler.close();
    threads.close();
    subscriptions.forEach(TokenSubscription::generatorClosed);
    subscriptions.clear();
  }
}
