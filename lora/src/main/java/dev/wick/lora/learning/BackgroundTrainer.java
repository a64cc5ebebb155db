package dev.wick.lora.learning;

import dev.wick.engine.model.LanguageModel;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.lora.training.TrainingSession;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.RecordEncoder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Trains adapters while the model serves requests: events wait in a bounded queue, and when there
 * are enough for one adapter, a candidate is trained from its current version on a thread of this
 * object, within a budget. A gate compares the two on held-out events; a candidate that passes is
 * published, and requests that begin from then on get it. Whatever goes wrong in a round, the
 * version in use stays.
 *
 * {@snippet :
 * LearningOptions options =
 *     LearningOptions.builder(PeftConfig.builder(8, 16).targetModules("q_proj").build())
 *         .gate(EvaluationGate.improvingBy(0.02))
 *         .build();
 * try (BackgroundTrainer trainer = new BackgroundTrainer(model, registry, encoder, options)) {
 *   trainer.submit(LearningEvent.of("tenant-7", prompt, corrected));
 *   serve();
 * }
 * }
 *
 * <p>A round of an adapter waits until there is a held-out event of it. The optimiser begins anew
 * with each round. Thread-safe; registry and model stay the caller's, and are closed after this.
 */
public final class BackgroundTrainer implements AutoCloseable {
  private final LanguageModel model;
  private final AdapterRegistry registry;
  private final LearningOptions options;
  private final Notices notices;
  private final EventEncoder encoder;
  private final Backlog backlog;
  private final Pacer pacer;
  private final LearningRound round;
  private final Map<String, Probation> probations = new HashMap<>(); // of the trainer's thread
  private final Thread thread;
  private List<LearningEvent> atStake = List.of(); // of the trainer's thread
  private long rounds;

  /** A trainer that nobody listens to. */
  public BackgroundTrainer(
      LanguageModel model,
      AdapterRegistry registry,
      RecordEncoder encoder,
      LearningOptions options) {
    this(model, registry, encoder, options, LearningListener.NONE);
  }

  /**
   * A trainer; its thread, a daemon, starts at once.
   *
   * @param registry where versions come from and go to; what is in it under the names of events has
   *     to be PEFT adapters
   */
  public BackgroundTrainer(
      LanguageModel model,
      AdapterRegistry registry,
      RecordEncoder encoder,
      LearningOptions options,
      LearningListener listener) {
    this.model = Objects.requireNonNull(model, "model");
    this.registry = Objects.requireNonNull(registry, "registry");
    this.options = Objects.requireNonNull(options, "options");
    this.notices = new Notices(Objects.requireNonNull(listener, "listener"));
    this.encoder =
        new EventEncoder(Objects.requireNonNull(encoder, "encoder"), options.maxLength(), notices);
    this.backlog = new Backlog(options);
    this.pacer = new Pacer(options.budget().timeShare());
    this.round = new LearningRound(model, registry, options, pacer, notices);
    this.thread = Thread.ofPlatform().daemon().name("wick-learning").unstarted(this::work);
    thread.start();
  }

  /**
   * Queues an event, or holds it out. Returns at once.
   *
   * @return whether it was taken; the listener hears of the reason if not
   */
  public boolean submit(LearningEvent event) {
    Backlog.Admission admission = backlog.add(event);
    if (admission.refused().isPresent()) {
      notices.rejected(event, admission.refused().get());
      return false;
    }
    notices.accepted();
    admission
        .displaced()
        .ifPresent(displaced -> notices.dropped(List.of(displaced), DropReason.DISPLACED));
    return true;
  }

  /** Lets rounds begin with the events that wait, however few. */
  public void flush() {
    backlog.flush();
  }

  /**
   * Waits until no round is under way and none is due.
   *
   * @return whether that came before the time was over
   */
  public boolean awaitIdle(Duration timeout) throws InterruptedException {
    return backlog.awaitIdle(TimeUnit.NANOSECONDS.convert(timeout));
  }

  /** What it has done. */
  public LearningStats stats() {
    return notices.stats(backlog);
  }

  private void work() {
    try {
      Optional<Backlog.Work> work = backlog.take();
      while (work.isPresent()) {
        notices.decision(decide(work.get()));
        work = backlog.take();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      stop();
      probations.values().forEach(Probation::close);
      probations.clear();
      backlog.end();
    }
  }

  // What a round fails with, exhausted memory included, is for the listener; the next round may do
  // better, and requests are none the wiser.
  private LearningDecision decide(Backlog.Work work) {
    atStake = List.of();
    try {
      return switch (work) {
        case Backlog.Work.Learn learn -> learn(learn);
        case Backlog.Work.Review review -> review(review);
      };
    } catch (RuntimeException | OutOfMemoryError e) {
      notices.dropped(atStake, DropReason.ROUND_FAILED);
      return new LearningDecision.Failed(work.adapter(), e);
    }
  }

  private LearningDecision learn(Backlog.Work.Learn work) {
    atStake = work.events();
    List<Example> heldOut = heldOut(work.adapter(), work.heldOut());
    if (heldOut.isEmpty()) {
      notices.dropped(atStake, DropReason.NOTHING_TO_COMPARE);
      return new LearningDecision.Empty(work.adapter());
    }
    EventEncoder.Encoded encoded = encoder.encode(work.events());
    atStake = encoded.usable();
    if (atStake.isEmpty()) {
      return new LearningDecision.Empty(work.adapter());
    }
    Optional<AdapterLease> current = registry.find(work.adapter());
    boolean kept = false;
    try {
      LearningDecision decision =
          round.run(
              work.adapter(),
              current,
              encoded.examples(),
              heldOut,
              options.training().seed() + rounds++);
      if (decision instanceof LearningDecision.Cancelled) {
        notices.dropped(atStake, DropReason.CLOSED);
      } else if (decision instanceof LearningDecision.Published published
          && current.isPresent()
          && options.probationEvents() > 0) {
        kept = true;
        Probation earlier =
            probations.put(work.adapter(), new Probation(current.get(), published.version()));
        if (earlier != null) {
          earlier.close();
        }
        backlog.beginProbation(work.adapter());
      }
      return decision;
    } finally {
      if (!kept) {
        current.ifPresent(AdapterLease::close);
      }
    }
  }

  private List<Example> heldOut(String adapter, List<LearningEvent> events) {
    EventEncoder.Encoded encoded = encoder.encode(events);
    backlog.forget(adapter, encoded.unusable());
    return encoded.examples();
  }

  /** Compares a published version with the one before on what was held out since. */
  private LearningDecision review(Backlog.Work.Review work) {
    String adapter = work.adapter();
    List<Example> heldOut = heldOut(adapter, work.heldOut());
    try (Probation probation = Objects.requireNonNull(probations.remove(adapter));
        AdapterLease current = registry.find(adapter).orElse(null)) {
      long version = probation.version();
      if (heldOut.isEmpty()) {
        return new LearningDecision.Empty(adapter);
      }
      if (current == null || current.version() != version) {
        return new LearningDecision.Overtaken(adapter, version);
      }
      double now = evaluate(current, heldOut);
      double before = evaluate(probation.before(), heldOut);
      if (pacer.isStopped()) {
        return new LearningDecision.Cancelled(adapter);
      }
      Comparison comparison = LearningRound.comparison(now, before, heldOut);
      if (comparison.improvement() <= 0) {
        return new LearningDecision.Confirmed(adapter, version, comparison);
      }
      OptionalLong back = registry.rollbackFrom(adapter, version);
      return back.isPresent()
          ? new LearningDecision.RolledBack(adapter, version, back.getAsLong(), comparison)
          : new LearningDecision.Overtaken(adapter, version);
    }
  }

  private double evaluate(AdapterLease lease, List<Example> heldOut) {
    try (TrainingSession session =
        TrainingSession.lora(model, LearningRound.peft(lease), options.training())) {
      return round.evaluate(session, heldOut);
    }
  }

  private void stop() {
    pacer.stop();
    notices.dropped(backlog.close(), DropReason.CLOSED);
  }

  /**
   * Ends the round under way after its step, without publishing, and waits for it. Events that wait
   * are dropped. Idempotent.
   */
  @Override
  public void close() {
    stop();
    boolean interrupted = false;
    while (thread != Thread.currentThread() && thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
