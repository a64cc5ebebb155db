package dev.wick.streaming;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;

/** A subscriber that notes what it hears. */
class Recorder implements Flow.Subscriber<StreamToken> {
  final List<StreamToken> tokens = new CopyOnWriteArrayList<>();
  final List<Throwable> failures = new CopyOnWriteArrayList<>();
  volatile boolean completed;

  private final Semaphore received = new Semaphore(0);
  private final CountDownLatch subscribed = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Flow.Subscription subscription;

  Flow.Subscription subscription() throws InterruptedException {
    subscribed.await();
    return subscription;
  }

  void awaitTokens(int count) throws InterruptedException {
    received.acquire(count);
  }

  void awaitEnd() throws InterruptedException {
    ended.await();
  }

  String text() {
    return tokens.stream().map(StreamToken::text).collect(Collectors.joining());
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    subscribed.countDown();
  }

  @Override
  public void onNext(StreamToken token) {
    tokens.add(token);
    received.release();
  }

  @Override
  public void onError(Throwable failure) {
    failures.add(failure);
    ended.countDown();
  }

  @Override
  public void onComplete() {
    completed = true;
    ended.countDown();
  }
}
