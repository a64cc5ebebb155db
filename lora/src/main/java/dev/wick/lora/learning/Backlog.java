package dev.wick.lora.learning;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Events that wait to be learned, and those that are held out. Thread-safe. */
final class Backlog {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final Condition idle = lock.newCondition();
  private final LearningOptions options;
  private final Map<String, Share> shares = new LinkedHashMap<>();
  private int queued;
  private boolean busy;
  private boolean closed;

  /** An event and when it came, as of {@link System#nanoTime}. */
  private record Waiting(LearningEvent event, long since) {}

  /** What belongs to one adapter. */
  private static final class Share {
    final ArrayDeque<Waiting> queue = new ArrayDeque<>();
    final ArrayDeque<LearningEvent> heldOut = new ArrayDeque<>();
    boolean flushed;
    boolean onProbation;
    int heldOutSince;
  }

  /**
   * What became of an event.
   *
   * @param refused why it was not taken
   * @param displaced the event that made room for it
   */
  record Admission(Optional<DropReason> refused, Optional<LearningEvent> displaced) {
    static Admission refused(DropReason reason) {
      return new Admission(Optional.of(reason), Optional.empty());
    }
  }

  /** Something to do. */
  sealed interface Work {
    /** Name of the adapter. */
    String adapter();

    /** A round: what is learned, and what versions are compared with. */
    record Learn(String adapter, List<LearningEvent> events, List<LearningEvent> heldOut)
        implements Work {}

    /** A second look at a publication with what was held out since. */
    record Review(String adapter, List<LearningEvent> heldOut) implements Work {}
  }

  Backlog(LearningOptions options) {
    this.options = options;
  }

  Admission add(LearningEvent event) {
    lock.lock();
    try {
      if (closed) {
        return Admission.refused(DropReason.CLOSED);
      }
      if (event.heldOut()) {
        holdOut(share(event.adapter()), event);
        news.signalAll();
        return new Admission(Optional.empty(), Optional.empty());
      }
      Optional<LearningEvent> displaced = Optional.empty();
      if (queued == options.queueCapacity()) {
        switch (options.overflow()) {
          case REJECT -> {
            return Admission.refused(DropReason.QUEUE_FULL);
          }
          case DROP_OLDEST -> displaced = Optional.of(removeOldest());
        }
      }
      share(event.adapter()).queue.add(new Waiting(event, System.nanoTime()));
      queued++;
      news.signalAll();
      return new Admission(Optional.empty(), displaced);
    } finally {
      lock.unlock();
    }
  }

  private Share share(String adapter) {
    return shares.computeIfAbsent(adapter, name -> new Share());
  }

  private void holdOut(Share share, LearningEvent event) {
    if (share.heldOut.size() == options.heldOutKept()) {
      share.heldOut.removeFirst();
    }
    share.heldOut.add(event);
    share.heldOutSince++;
  }

  private LearningEvent removeOldest() {
    Share oldest =
        shares.values().stream()
            .filter(share -> !share.queue.isEmpty())
            .min(Comparator.comparingLong(share -> share.queue.getFirst().since()))
            .orElseThrow();
    queued--;
    return oldest.queue.removeFirst().event();
  }

  /**
   * Waits for something to do. Whoever takes it calls this method again when it is done.
   *
   * @return empty once this is closed
   */
  Optional<Work> take() throws InterruptedException {
    lock.lock();
    try {
      busy = false;
      while (!closed) {
        long now = System.nanoTime();
        Optional<String> due = due(now);
        if (due.isPresent()) {
          busy = true;
          return Optional.of(take(due.get()));
        }
        idle.signalAll();
        var _ = news.awaitNanos(untilDue(now));
      }
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /** Says that nobody is going to take anything any more. */
  void end() {
    lock.lock();
    try {
      busy = false;
      idle.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private Work take(String adapter) {
    Share share = Objects.requireNonNull(shares.get(adapter));
    List<LearningEvent> heldOut = List.copyOf(share.heldOut);
    if (isReviewDue(share)) {
      share.onProbation = false;
      int since = Math.min(share.heldOutSince, heldOut.size());
      return new Work.Review(adapter, heldOut.subList(heldOut.size() - since, heldOut.size()));
    }
    List<LearningEvent> events = share.queue.stream().map(Waiting::event).toList();
    queued -= events.size();
    share.queue.clear();
    share.flushed = false;
    return new Work.Learn(adapter, events, heldOut);
  }

  /** The adapter with something to do whose oldest event is the oldest. */
  private Optional<String> due(long now) {
    Optional<String> best = Optional.empty();
    long age = Long.MIN_VALUE;
    for (Map.Entry<String, Share> entry : shares.entrySet()) {
      Share share = entry.getValue();
      if (isReviewDue(share)) {
        return Optional.of(entry.getKey());
      }
      if (untilDue(share, now) <= 0 && now - share.queue.getFirst().since() > age) {
        age = now - share.queue.getFirst().since();
        best = Optional.of(entry.getKey());
      }
    }
    return best;
  }

  private boolean isReviewDue(Share share) {
    return share.onProbation && share.heldOutSince >= options.probationEvents();
  }

  private long untilDue(long now) {
    return shares.values().stream()
        .mapToLong(share -> untilDue(share, now))
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** Nanoseconds until a round may begin; the largest number if only news can bring that about. */
  private long untilDue(Share share, long now) {
    if (share.queue.isEmpty() || share.heldOut.isEmpty()) {
      return Long.MAX_VALUE;
    }
    if (share.flushed || share.queue.size() >= options.eventsPerRound()) {
      return 0;
    }
    long patience = TimeUnit.NANOSECONDS.convert(options.patience()); // saturates
    return patience - (now - share.queue.getFirst().since());
  }

  /** Lets the next held-out events decide whether a publication stays. */
  void beginProbation(String adapter) {
    lock.lock();
    try {
      Share share = share(adapter);
      share.onProbation = true;
      share.heldOutSince = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets held-out events that cannot be used. */
  void forget(String adapter, List<LearningEvent> heldOut) {
    lock.lock();
    try {
      share(adapter).heldOut.removeAll(heldOut); // equal ones are as useless
    } finally {
      lock.unlock();
    }
  }

  /** Makes all that waits due. */
  void flush() {
    lock.lock();
    try {
      shares.values().forEach(share -> share.flushed = !share.queue.isEmpty());
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until nothing is due and nothing under way; returns whether that came in time. */
  boolean awaitIdle(long nanos) throws InterruptedException {
    lock.lock();
    try {
      long left = nanos;
      while (busy || (!closed && due(System.nanoTime()).isPresent())) {
        if (left <= 0) {
          return false;
        }
        left = idle.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  int queued() {
    lock.lock();
    try {
      return queued;
    } finally {
      lock.unlock();
    }
  }

  int heldOut() {
    lock.lock();
    try {
      return shares.values().stream().mapToInt(share -> share.heldOut.size()).sum();
    } finally {
      lock.unlock();
    }
  }

  /** Takes nothing more; returns what waited. */
  List<LearningEvent> close() {
    lock.lock();
    try {
      closed = true;
      List<LearningEvent> left = new ArrayList<>();
      for (Share share : shares.values()) {
        share.queue.forEach(waiting -> left.add(waiting.event()));
        share.queue.clear();
      }
      queued = 0;
      news.signalAll();
      return left;
    } finally {
      lock.unlock();
    }
  }
}
