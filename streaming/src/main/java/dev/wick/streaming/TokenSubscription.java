package dev.wick.streaming;

import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber's generation. Numbers of rules are those of the Reactive Streams specification
 * 1.0.4.
 */
final class TokenSubscription implements Flow.Subscription, Runnable {
  private final Generator generator;
  private final GenerationRequest request;
  private final AtomicLong demand = new AtomicLong();

  /**
   * Counts the reasons to look at the state since it was last looked at: who takes it from 0 works,
   * so that signals never overlap (1.3). It stays above 0 after the last signal.
   */
  private final AtomicInteger wakeUps = new AtomicInteger();

  private volatile Flow.@Nullable Subscriber<? super StreamToken> subscriber;
  private volatile @Nullable IllegalArgumentException badRequest;
  private volatile boolean cancelled;
  private volatile @Nullable Generation generation;

  TokenSubscription(
      Generator generator,
      GenerationRequest request,
      Flow.Subscriber<? super StreamToken> subscriber) {
    this.generator = generator;
    this.request = request;
    this.subscriber = subscriber;
  }

  void begin(Flow.Subscriber<? super StreamToken> target) {
    wakeUps.set(1); // no other signal before onSubscribe is over
    target.onSubscribe(this);
    if (generator.isClosed() || wakeUps.addAndGet(-1) != 0) {
      schedule();
    }
  }

  @Override
  public void request(long tokens) {
    if (tokens <= 0) {
      badRequest =
          new IllegalArgumentException(
              "request: expected a demand of at least 1 token (3.9), got " + tokens);
    } else {
      demand.accumulateAndGet(
          tokens, (had, more) -> had + more < 0 ? Long.MAX_VALUE : had + more); // 3.17
    }
    wakeUp();
  }

  @Override
  public void cancel() {
    cancelled = true;
    Generation current = generation;
    if (current != null) {
      generator.end(current);
    }
    wakeUp();
  }

  /** The generator is closed: whoever waits without demand hears of it too. */
  void generatorClosed() {
    wakeUp();
  }

  private RuntimeException closed() {
    return generation == null ? Generator.closedAlready() : Generator.closedMeanwhile();
  }

  /** Lets the subscriber go (3.13). */
  private void forget() {
    subscriber = null;
    generator.end(this);
  }

  private void wakeUp() {
    if (wakeUps.getAndIncrement() == 0) {
      schedule();
    }
  }

  private void schedule() {
    if (cancelled) {
      forget();
      return;
    }
    try {
      generator.execute(this);
    } catch (RejectedExecutionException e) {
      RuntimeException closed = closed();
      closed.initCause(e);
      fail(closed);
    }
  }

  /** Signals what there is demand for. */
  @Override
  public void run() {
    int seen;
    do {
      seen = wakeUps.get();
      if (!emit()) {
        forget();
        return; // and nobody works from now on
      }
    } while (wakeUps.addAndGet(-seen) != 0);
  }

  /** Whether more signals may follow. */
  private boolean emit() {
    while (!cancelled) {
      IllegalArgumentException bad = badRequest;
      if (bad != null) {
        fail(bad);
        return false;
      }
      if (demand.get() == 0) {
        if (generator.isClosed()) {
          fail(closed());
          return false;
        }
        return true;
      }
      StreamToken token;
      try {
        token = generator.next(started());
      } catch (RuntimeException | Error e) {
        fail(e); // whatever it is, the subscriber must hear of it (1.4)
        return false;
      }
      Flow.Subscriber<? super StreamToken> target = subscriber;
      if (token == null || target == null || cancelled) {
        return false;
      }
      demand.updateAndGet(had -> had == Long.MAX_VALUE ? had : had - 1);
      deliver(target, token);
      if (token.finishReason().isPresent()) {
        if (!cancelled) {
          target.onComplete();
        }
        return false;
      }
    }
    return false;
  }

  private void deliver(Flow.Subscriber<? super StreamToken> target, StreamToken token) {
    boolean delivered = false;
    try {
      target.onNext(token);
      delivered = true;
    } finally {
      if (!delivered) { // against 2.13: treated as a cancel, the exception goes to the thread
        cancel();
        forget();
      }
    }
  }

  private Generation started() {
    Generation current = generation;
    if (current == null) {
      current = generator.start(request, this);
      generation = current;
      if (cancelled) {
        generator.end(current);
      }
    }
    return current;
  }

  private void fail(Throwable failure) {
    Flow.Subscriber<? super StreamToken> target = subscriber;
    forget();
    boolean quiet = cancelled;
    cancelled = true;
    Generation current = generation;
    if (current != null) {
      generator.end(current);
    }
    if (target != null && !quiet) {
      target.onError(failure);
    }
  }
}
