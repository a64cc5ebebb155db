package dev.wick.lora.learning;

import dev.wick.lora.training.StepReport;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/** Counts what happens and tells the listener. Thread-safe. */
final class Notices {
  private static final System.Logger LOG = System.getLogger("dev.wick.lora.learning");

  private final LearningListener listener;
  private final LongAdder accepted = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder dropped = new LongAdder();
  private final LongAdder steps = new LongAdder();
  private final LongAdder tokens = new LongAdder();
  private final LongAdder published = new LongAdder();
  private final LongAdder rejectedCandidates = new LongAdder();
  private final LongAdder rolledBack = new LongAdder();
  private final LongAdder failures = new LongAdder();

  private final AtomicBoolean failed = new AtomicBoolean();

  Notices(LearningListener listener) {
    this.listener = listener;
  }

  void accepted() {
    accepted.increment();
  }

  /** An event that was not taken. */
  void rejected(LearningEvent event, DropReason reason) {
    rejected.increment();
    tell(() -> listener.onDropped(event, reason));
  }

  /** Events that had been taken. */
  void dropped(Collection<LearningEvent> events, DropReason reason) {
    for (LearningEvent event : events) {
      dropped.increment();
      tell(() -> listener.onDropped(event, reason));
    }
  }

  void round(String adapter, long version, int events) {
    tell(() -> listener.onRound(adapter, version, events));
  }

  void step(String adapter, StepReport report) {
    steps.increment();
    tokens.add(report.tokens());
    tell(() -> listener.onStep(adapter, report));
  }

  void decision(LearningDecision decision) {
    switch (decision) {
      case LearningDecision.Published _ -> published.increment();
      case LearningDecision.Rejected _ -> rejectedCandidates.increment();
      case LearningDecision.RolledBack _ -> rolledBack.increment();
      case LearningDecision.Failed _ -> failures.increment();
      case LearningDecision.Overtaken _,
          LearningDecision.Confirmed _,
          LearningDecision.Empty _,
          LearningDecision.Cancelled _ -> {}
    }
    tell(() -> listener.onDecision(decision));
  }

  // A listener is not ours: what it throws must end neither a round nor the request that submits.
  private void tell(Runnable notice) {
    try {
      notice.run();
    } catch (RuntimeException e) {
      if (failed.compareAndSet(false, true)) {
        LOG.log(System.Logger.Level.WARNING, "a learning listener failed; told here only once", e);
      }
    }
  }

  LearningStats stats(Backlog backlog) {
    return new LearningStats(
        backlog.queued(),
        backlog.heldOut(),
        accepted.sum(),
        rejected.sum(),
        dropped.sum(),
        steps.sum(),
        tokens.sum(),
        published.sum(),
        rejectedCandidates.sum(),
        rolledBack.sum(),
        failures.sum());
  }
}
