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
import java.util.concurrent.locks.ReentrantLock;
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
 * waits. Any number of requests may run at a time; they take turns, a step each.
 *
 * <p>Thread-safe. Closing cancels what is running and waits for the step under way; it does not
 * close the model.
 */
public final class Generator implements AutoCloseable {
  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final ReentrantLock turn = new ReentrantLock(true);
  private final Set<Generation> running = ConcurrentHashMap.newKeySet();
  private final Set<TokenSubscription> subscriptions = ConcurrentHashMap.newKeySet();
  private final GeneratorThreads threads = new GeneratorThreads();
  private final Workspace.Pool workspaces;
  private volatile boolean closed;

  /** A generator on a model, with the tokenizer of the same checkpoint. */
  public Generator(LanguageModel model, Tokenizer tokenizer) {
    this.model = Objects.requireNonNull(model, "model");
    this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
    this.workspaces = new Workspace.Pool(model.info().vocabSize());
  }

  /** The model. */
  public LanguageModel model() {
    return model;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Runs a request on the calling thread.
   *
   * @throws ContextTooLongException if the prompt leaves no room in the context
   * @throws dev.wick.streaming.sampling.LogitsException if no token can be picked
   * @throws dev.wick.engine.model.KvExhaustedException if the key-value cache is full
   */
  public Completion generate(GenerationRequest request) {
    return generate(request, token -> true);
  }

  /**
   * Runs a request on the calling thread and hands over each token as it is computed.
   *
   * @param callback returns whether to go on; an exception of it ends the generation and reaches
   *     the caller
   * @return the result; its finish reason is {@link FinishReason#CANCELLED} if the callback ended
   *     it
   * @throws ContextTooLongException if the prompt leaves no room in the context
   * @throws dev.wick.streaming.sampling.LogitsException if no token can be picked
   * @throws dev.wick.engine.model.KvExhaustedException if the key-value cache is full
   */
  public Completion generate(GenerationRequest request, Predicate<? super StreamToken> callback) {
    Objects.requireNonNull(callback, "callback");
    Generation generation = start(request);
    try {
      return run(generation, callback);
    } finally {
      end(generation);
    }
  }

  private Completion run(Generation generation, Predicate<? super StreamToken> callback) {
    StreamToken token = generation.next(turn);
    while (token != null && callback.test(token)) {
      token = generation.next(turn);
    }
    return generation.completion();
  }

  /**
   * The tokens of a request as a stream that computes each token when it is asked for it, on the
   * thread that asks. Close the stream if it may not be read to its end: that ends the generation.
   *
   * <p>What {@link #generate(GenerationRequest)} throws, the stream's terminal operation does; a
   * {@link CancellationException} if the generator is closed meanwhile.
   */
  public Stream<StreamToken> stream(GenerationRequest request) {
    Generation generation = start(request);
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
   * @throws CancellationException if this generator was closed before the last one
   */
  @Nullable StreamToken next(Generation generation) {
    boolean more = false;
    try {
      StreamToken token = generation.next(turn);
      more = !generation.ended();
      if (token == null && closed && generation.cancelled()) {
        throw closedMeanwhile();
      }
      return token;
    } finally {
      if (!more) {
        running.remove(generation);
      }
    }
  }

  /**
   * The tokens of a request as a publisher. Each subscriber gets a generation of its own, which
   * begins with the first demand and computes no token before there is demand for it. Cancelling
   * the subscription ends it within one step. Signals come from threads of the generator.
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
    Generation generation = start(request);
    CompletableFuture<Completion> future = new CompletableFuture<>();
    var _ = future.whenComplete((completion, failure) -> end(generation));
    try {
      var _ = future.completeAsync(() -> run(generation, token -> true), threads::execute);
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(closedAlready().initCause(e));
    }
    return future;
  }

  /** A new generation of this generator. */
  Generation start(GenerationRequest request) {
    Objects.requireNonNull(request, "request");
    if (closed) {
      throw closedAlready();
    }
    Generation generation = new Generation(model, tokenizer, workspaces, request);
    running.add(generation);
    if (closed) {
      end(generation);
    }
    return generation;
  }

  /** Starts the generation of a subscription, which hears of a {@link #close} from now on. */
  Generation start(GenerationRequest request, TokenSubscription subscription) {
    Generation generation = start(request);
    subscriptions.add(subscription);
    return generation;
  }

  /** Forgets a subscription that has ended. */
  void end(TokenSubscription subscription) {
    subscriptions.remove(subscription);
  }

  boolean isClosed() {
    return closed;
  }

  /** Ends a generation, whether it has come to its end or not. */
  void end(Generation generation) {
    generation.cancel();
    running.remove(generation);
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
    closed = true;
    running.forEach(Generation::cancel);
    running.forEach(Generation::close);
    running.clear();
    threads.close();
    subscriptions.forEach(TokenSubscription::generatorClosed);
    subscriptions.clear();
  }
}
