package dev.wick.lora.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.Engine;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.lora.AdapterStatus;
import dev.wick.lora.learning.LearningDecision.Cancelled;
import dev.wick.lora.learning.LearningDecision.Confirmed;
import dev.wick.lora.learning.LearningDecision.Empty;
import dev.wick.lora.learning.LearningDecision.Failed;
import dev.wick.lora.learning.LearningDecision.Overtaken;
import dev.wick.lora.learning.LearningDecision.Published;
import dev.wick.lora.learning.LearningDecision.Rejected;
import dev.wick.lora.learning.LearningDecision.RolledBack;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.StepReport;
import dev.wick.lora.training.ToyModel;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.TrainingConfigBuilder;
import dev.wick.lora.training.optim.LearningRateSchedule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class BackgroundTrainerTest {
  private static final Engine ENGINE = Engine.open("cpu");
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final PeftConfig ADAPTER =
      PeftConfig.builder(4, 8).targetModules("all-linear").build();

  private final ToyModel model = new ToyModel(ENGINE);
  private final AdapterRegistry registry = new AdapterRegistry();
  private final Recorder recorder = new Recorder();
  private final SplittableRandom random = new SplittableRandom(7);

  @AfterEach
  void close() {
    registry.close();
    model.close();
  }

  @AfterAll
  static void closeEngine() {
    ENGINE.close();
  }

  private static TrainingConfigBuilder training() {
    return TrainingConfig.builder()
        .steps(12)
        .batchSize(4)
        .learningRate(0.01)
        .schedule(LearningRateSchedule.Kind.CONSTANT);
  }

  private static LearningOptionsBuilder options() {
    return LearningOptions.builder(ADAPTER)
        .training(training().build())
        .budget(new LearningBudget(1000, 100_000, 1))
        .maxLength(16)
        .eventsPerRound(8)
        .patience(LONG);
  }

  private BackgroundTrainer trainer(LearningOptionsBuilder options) {
    return new BackgroundTrainer(model, registry, ToyEvents.ENCODER, options.build(), recorder);
  }

  private void submit(BackgroundTrainer trainer, String adapter, int step, int count) {
    for (int i = 0; i < count; i++) {
      assertThat(trainer.submit(ToyEvents.counting(adapter, step, random))).isTrue();
    }
  }

  private void holdOut(BackgroundTrainer trainer, String adapter, int step, int count) {
    for (int i = 0; i < count; i++) {
      LearningEvent event = ToyEvents.counting(adapter, step, random).withHeldOut(true);
      assertThat(trainer.submit(event)).isTrue();
    }
  }

  private static void awaitIdle(BackgroundTrainer trainer) throws InterruptedException {
    assertThat(trainer.awaitIdle(LONG)).isTrue();
  }

  @Test
  void rounds_withEvents_publishBetterVersions() throws InterruptedException {
    try (BackgroundTrainer trainer = trainer(options().eventsPerRound(24))) {
      holdOut(trainer, "up", 1, 4);
      submit(trainer, "up", 1, 24);
      awaitIdle(trainer);
      submit(trainer, "up", 1, 24);
      awaitIdle(trainer);

      assertThat(recorder.decisions).hasSize(2).hasOnlyElementsOfType(Published.class);
      Published first = (Published) recorder.decisions.get(0);
      Published second = (Published) recorder.decisions.get(1);
      assertThat(first.version()).isEqualTo(1);
      assertThat(second.version()).isEqualTo(2);
      assertThat(first.comparison().improvement()).isPositive();
      assertThat(first.comparison().events()).isEqualTo(4);
      assertThat(first.comparison().tokens()).isEqualTo(28);
      // The second round begins where the first one ended.
      assertThat(second.comparison().currentLoss()).isEqualTo(first.comparison().candidateLoss());
      assertThat(recorder.rounds).containsExactly("up 0 24", "up 1 24");
      LearningStats stats = trainer.stats();
      assertThat(stats.published()).isEqualTo(2);
      assertThat(stats.accepted()).isEqualTo(52);
      assertThat(stats.steps()).isEqualTo(24);
      assertThat(stats.queued()).isZero();
      assertThat(stats.heldOut()).isEqualTo(4);
    }
    assertThat(registry.list()).extracting(AdapterStatus::version).containsExactly(2L);
  }

  @Test
  void gate_withoutEnoughImprovement_keepsTheVersion() throws InterruptedException {
    try (BackgroundTrainer trainer = trainer(options().gate(EvaluationGate.improvingBy(50)))) {
      holdOut(trainer, "up", 1, 2);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);

      assertThat(recorder.decisions).hasSize(1).hasOnlyElementsOfType(Rejected.class);
      assertThat(trainer.stats().rejectedCandidates()).isEqualTo(1);
      assertThat(registry.contains("up")).isFalse();
    }
  }

  @Test
  void gate_whenHeldOutEventsSayOtherwise_keepsTheVersion() throws InterruptedException {
    try (BackgroundTrainer trainer = trainer(options())) {
      holdOut(trainer, "up", 1, 4);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);
      submit(trainer, "up", 5, 8); // which is something else
      awaitIdle(trainer);

      Rejected rejected = (Rejected) recorder.decisions.get(1);
      assertThat(rejected.comparison().improvement()).isNegative();
      assertThat(registry.list()).extracting(AdapterStatus::version).containsExactly(1L);
    }
  }

  @Test
  void improvingBy_lossThatIsNotANumber_neverPasses() {
    EvaluationGate gate = EvaluationGate.improvingBy(0);

    assertThat(gate.accepts(new Comparison(2, 1.9, 1, 1))).isTrue();
    assertThat(gate.accepts(new Comparison(2, 2, 1, 1))).isFalse();
    assertThat(gate.accepts(new Comparison(2, Double.NaN, 1, 1))).isFalse();
    assertThat(gate.accepts(new Comparison(2, Double.NEGATIVE_INFINITY, 1, 1))).isFalse();
    assertThat(EvaluationGate.improvingBy(0.5).accepts(new Comparison(2, 1.6, 1, 1))).isFalse();
  }

  @Test
  void submit_beyondCapacity_isRefused() {
    LearningOptionsBuilder options =
        options().queueCapacity(3).eventsPerRound(3).overflow(OverflowPolicy.REJECT);
    try (BackgroundTrainer trainer = trainer(options)) {
      submit(trainer, "up", 1, 3); // no round begins without held-out events
      LearningEvent fourth = ToyEvents.counting("other", 1, random);

      assertThat(trainer.submit(fourth)).isFalse();

      assertThat(recorder.dropped).containsExactly(fourth);
      assertThat(recorder.reasons).containsExactly(DropReason.QUEUE_FULL);
      assertThat(trainer.stats())
          .extracting(LearningStats::queued, LearningStats::accepted, LearningStats::rejected)
          .containsExactly(3, 3L, 1L);
    }
  }

  @Test
  void submit_beyondCapacity_dropsTheOldestOfAllAdapters() throws InterruptedException {
    LearningOptionsBuilder options =
        options().queueCapacity(3).eventsPerRound(3).overflow(OverflowPolicy.DROP_OLDEST);
    try (BackgroundTrainer trainer = trainer(options)) {
      LearningEvent oldest = ToyEvents.counting("up", 1, random);
      trainer.submit(oldest);
      submit(trainer, "other", 1, 2);

      submit(trainer, "other", 1, 1);

      assertThat(recorder.dropped).containsExactly(oldest);
      assertThat(recorder.reasons).containsExactly(DropReason.DISPLACED);
      assertThat(trainer.stats())
          .extracting(LearningStats::queued, LearningStats::accepted, LearningStats::dropped)
          .containsExactly(3, 4L, 1L);
      holdOut(trainer, "other", 1, 1); // has room whatever waits
      awaitIdle(trainer);
      assertThat(recorder.rounds).containsExactly("other 0 3");
    }
  }

  @Test
  void round_withFewEvents_beginsWhenFlushedOrPatienceEnds() throws InterruptedException {
    try (BackgroundTrainer trainer = trainer(options())) {
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 2);
      awaitIdle(trainer);
      assertThat(recorder.rounds).isEmpty();

      trainer.flush();
      awaitIdle(trainer);
      assertThat(recorder.rounds).containsExactly("up 0 2");
    }
    CountDownLatch begun = new CountDownLatch(2);
    recorder.before = begun::countDown;
    try (BackgroundTrainer trainer = trainer(options().patience(Duration.ofMillis(1)))) {
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 2);
      assertThat(begun.await(300, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void publish_whileRequestsRun_isAtomic() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    Map<Long, Integer> sums = new ConcurrentHashMap<>();
    List<Throwable> failures = new ArrayList<>();
    List<Thread> readers = new ArrayList<>();
    try (BackgroundTrainer trainer = trainer(options().training(training().steps(2).build()))) {
      for (int i = 0; i < 2; i++) {
        Thread reader = new Thread(() -> read(done, sums));
        reader.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
        readers.add(reader);
        reader.start();
      }
      holdOut(trainer, "up", 1, 2);
      for (int round = 0; round < 6; round++) {
        submit(trainer, "up", 1, 8);
        awaitIdle(trainer);
      }
    } finally {
      done.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
    }

    assertThat(failures).isEmpty();
    assertThat(recorder.decisions).hasSize(6);
    long published = recorder.decisions.stream().filter(d -> d instanceof Published).count();
    assertThat(published).isGreaterThan(1);
    assertThat(sums.keySet()).allMatch(version -> version <= published);
    assertThat(sums.values()).doesNotHaveDuplicates();
  }

  /** Reads versions until told to stop: each has the same numbers whenever it is read. */
  private void read(AtomicBoolean done, Map<Long, Integer> sums) {
    while (!done.get()) {
      registry
          .find("up")
          .ifPresent(
              lease -> {
                try (lease) {
                  assertThat(lease.adapter().version()).isEqualTo(lease.version());
                  int sum = sum(lease);
                  Integer known = sums.putIfAbsent(lease.version(), sum);
                  assertThat(known == null || known == sum).isTrue();
                }
              });
      Thread.onSpinWait();
    }
  }

  private static int sum(AdapterLease lease) {
    int sum = 0;
    for (Map.Entry<String, ?> delta : lease.adapter().deltas().entrySet()) {
      HostTensor b = lease.adapter().deltas().get(delta.getKey()).b();
      sum = 31 * sum + Arrays.hashCode(b.toFloatArray());
    }
    return sum;
  }

  @Test
  void publish_whenSomebodyElseDid_isLeftOut() throws InterruptedException {
    recorder.before =
        () -> {
          if (recorder.steps.size() == 1 && registry.list().isEmpty()) {
            registry.publish("up", PeftAdapter.of("x", ADAPTER, Map.of(), Map.of()));
          }
        };
    try (BackgroundTrainer trainer = trainer(options())) {
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);

      assertThat(recorder.decisions).containsExactly(new Overtaken("up", 0));
      assertThat(registry.list()).extracting(AdapterStatus::version).containsExactly(1L);
    }
  }

  @Test
  void probation_worseOnLaterEvents_isTakenBack() throws InterruptedException {
    LearningOptionsBuilder options =
        options()
            .training(training().steps(40).learningRate(0.02).build())
            .gate(comparison -> true)
            .probationEvents(3)
            .heldOutKept(8);
    try (BackgroundTrainer trainer = trainer(options)) {
      holdOut(trainer, "up", 1, 2);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);
      submit(trainer, "up", 5, 8);
      awaitIdle(trainer);
      assertThat(registry.list()).extracting(AdapterStatus::version).containsExactly(2L);

      holdOut(trainer, "up", 1, 3);
      awaitIdle(trainer);

      RolledBack back = (RolledBack) recorder.decisions.get(2);
      assertThat(back.from()).isEqualTo(2);
      assertThat(back.version()).isEqualTo(1);
      assertThat(back.comparison().events()).isEqualTo(3);
      assertThat(back.comparison().improvement()).isPositive();
      assertThat(registry.list()).extracting(AdapterStatus::version).containsExactly(1L);
      assertThat(registry.list()).extracting(AdapterStatus::leases).containsExactly(0);
      assertThat(trainer.stats().rolledBack()).isEqualTo(1);

      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);
      holdOut(trainer, "up", 1, 3);
      awaitIdle(trainer);

      assertThat(recorder.decisions.get(3)).isInstanceOf(Published.class);
      assertThat(recorder.decisions.get(4)).isInstanceOf(Confirmed.class);
    }
  }

  @Test
  void submit_afterClose_isRefused() {
    BackgroundTrainer trainer = trainer(options());
    submit(trainer, "up", 1, 2);
    trainer.close();
    trainer.close();

    assertThat(recorder.reasons).containsExactly(DropReason.CLOSED, DropReason.CLOSED);
    assertThat(trainer.submit(ToyEvents.counting("up", 1, random))).isFalse();
    assertThat(recorder.reasons).hasSize(3).containsOnly(DropReason.CLOSED);
    assertThat(trainer.stats())
        .extracting(LearningStats::queued, LearningStats::dropped, LearningStats::rejected)
        .containsExactly(0, 2L, 1L);
  }

  @Test
  void close_duringARound_publishesNothing() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    recorder.before = begun::countDown;
    LearningBudget slow = new LearningBudget(1000, 100_000, 1e-9); // rests for hours
    try (BackgroundTrainer trainer = trainer(options().budget(slow))) {
      submit(trainer, "up", 1, 8);
      holdOut(trainer, "up", 1, 1);
      assertThat(begun.await(300, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(recorder.decisions).containsExactly(new Cancelled("up"));
    assertThat(recorder.reasons).hasSize(8).containsOnly(DropReason.CLOSED);
    assertThat(registry.list()).isEmpty();
  }

  @Test
  void close_byTheListener_endsTheTrainer() throws InterruptedException {
    List<BackgroundTrainer> trainers = new ArrayList<>();
    CountDownLatch closed = new CountDownLatch(1);
    recorder.before =
        () -> {
          trainers.forEach(BackgroundTrainer::close);
          closed.countDown();
        };
    try (BackgroundTrainer trainer = trainer(options())) {
      trainers.add(trainer);
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 8);
      assertThat(closed.await(300, TimeUnit.SECONDS)).isTrue();
      assertThat(trainer.awaitIdle(LONG)).isTrue();
    }
    assertThat(recorder.decisions).containsExactly(new Cancelled("up"));
  }

  @Test
  void listener_thatFails_changesNothing() throws InterruptedException {
    recorder.before =
        () -> {
          throw new IllegalStateException("a listener that fails");
        };
    try (BackgroundTrainer trainer = trainer(options())) {
      holdOut(trainer, "up", 1, 1);
      assertThat(trainer.submit(ToyEvents.text("up", ToyEvents.GIBBERISH))).isTrue();
      submit(trainer, "up", 1, 7);
      awaitIdle(trainer);

      assertThat(recorder.decisions).hasSize(1).hasOnlyElementsOfType(Published.class);
      assertThat(recorder.steps).hasSize(12);
    }
    assertThat(registry.contains("up")).isTrue();
  }

  @Test
  void round_thatFails_isReportedAndTheNextOneGoesOn() throws InterruptedException {
    LearningOptions options = options().build();
    try (BackgroundTrainer trainer =
        new BackgroundTrainer(
            model,
            registry,
            record -> {
              if (recorder.decisions.isEmpty()) {
                throw new IllegalStateException("an encoder that fails");
              }
              return ToyEvents.ENCODER.encode(record);
            },
            options,
            recorder)) {
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);

      Failed failed = (Failed) recorder.decisions.get(0);
      assertThat(failed.cause()).hasMessage("an encoder that fails");
      assertThat(recorder.decisions.get(1)).isInstanceOf(Published.class);
      assertThat(recorder.reasons).hasSize(8).containsOnly(DropReason.ROUND_FAILED);
      assertThat(trainer.stats().failures()).isEqualTo(1);
    }
  }

  @Test
  void round_thatDiverges_keepsTheVersion() throws InterruptedException {
    LearningOptionsBuilder options =
        options().training(training().learningRate(1e30).maxGradientNorm(0).build());
    try (BackgroundTrainer trainer = trainer(options)) {
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);

      Failed failed = (Failed) recorder.decisions.getFirst();
      assertThat(failed.cause()).hasMessageContaining("expected a finite loss and gradient");
      assertThat(registry.list()).isEmpty();
    }
  }

  @Test
  void events_thatCannotBeUsed_areDroppedAlone() throws InterruptedException {
    try (BackgroundTrainer trainer = trainer(options().eventsPerRound(3))) {
      trainer.submit(ToyEvents.text("up", ToyEvents.GIBBERISH).withHeldOut(true));
      submit(trainer, "up", 1, 3);
      awaitIdle(trainer);
      assertThat(recorder.decisions).containsExactly(new Empty("up"));
      assertThat(recorder.reasons)
          .containsExactly(
              DropReason.NOT_ENCODABLE,
              DropReason.NOTHING_TO_COMPARE,
              DropReason.NOTHING_TO_COMPARE,
              DropReason.NOTHING_TO_COMPARE);
      assertThat(trainer.stats().heldOut()).isZero();
      recorder.reasons.clear();

      holdOut(trainer, "up", 1, 1);
      trainer.submit(ToyEvents.text("up", ToyEvents.GIBBERISH));
      trainer.submit(ToyEvents.text("up", ""));
      submit(trainer, "up", 1, 1);
      awaitIdle(trainer);

      assertThat(recorder.reasons)
          .containsExactly(DropReason.NOT_ENCODABLE, DropReason.NOTHING_TO_LEARN);
      assertThat(recorder.rounds).containsExactly("up 0 1");
    }
  }

  @Test
  void budget_ofStepsAndTokens_isKept() throws InterruptedException {
    TrainingConfig training = training().steps(0).epochs(10).build();
    LearningBudget steps = new LearningBudget(5, 100_000, 1);
    try (BackgroundTrainer trainer = trainer(options().training(training).budget(steps))) {
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);
    }
    assertThat(recorder.steps).hasSize(5);
    recorder.steps.clear();

    LearningBudget tokens = new LearningBudget(1000, 100, 1); // a step has 32
    try (BackgroundTrainer trainer = trainer(options().training(training).budget(tokens))) {
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);
      assertThat(trainer.stats().tokens()).isEqualTo(96);
    }
    assertThat(recorder.steps).hasSize(3);
    assertThat(recorder.steps).extracting(StepReport::totalSteps).containsOnly(3L);
  }

  @Test
  void budget_ofTime_isKept() throws InterruptedException {
    double share = 0.25;
    List<Long> ends = new ArrayList<>();
    recorder.before = () -> ends.add(System.nanoTime());
    LearningBudget budget = new LearningBudget(6, 100_000, share);
    try (BackgroundTrainer trainer = trainer(options().budget(budget))) {
      holdOut(trainer, "up", 1, 1);
      submit(trainer, "up", 1, 8);
      awaitIdle(trainer);
    }
    assertThat(recorder.steps).hasSize(6);
    for (int i = 0; i < 5; i++) {
      // ends holds the beginning of the round first; between two steps lie a pause and a step.
      double pause =
          (ends.get(i + 2) - ends.get(i + 1)) / 1e9 - recorder.steps.get(i + 1).seconds();
      assertThat(pause).isGreaterThan(recorder.steps.get(i).seconds() * (1 / share - 1) * 0.99);
    }
  }

  @Test
  void tenants_haveAdaptersOfTheirOwn() throws InterruptedException {
    try (BackgroundTrainer trainer = trainer(options())) {
      holdOut(trainer, "one", 1, 2);
      holdOut(trainer, "five", 5, 2);
      for (int i = 0; i < 8; i++) {
        submit(trainer, "one", 1, 1);
        submit(trainer, "five", 5, 1);
      }
      awaitIdle(trainer);
    }
    assertThat(recorder.decisions).hasSize(2).hasOnlyElementsOfType(Published.class);
    assertThat(registry.list()).extracting(AdapterStatus::name).containsExactly("five", "one");
  }

  @Test
  void options_thatCannotWork_areRefused() {
    assertThatThrownBy(() -> options().budget(new LearningBudget(1, 63, 1)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("learning: expected a budget with room for a step of up to 64 tokens, got 63");
    assertThatThrownBy(() -> options().queueCapacity(4).build())
        .hasMessage(
            "learning: expected at least one event per round and no more than the queue holds, got"
                + " 8");
    assertThatThrownBy(() -> new LearningBudget(1, 1, 0))
        .hasMessage("learning: expected a time share above 0 and at most 1, got 0.0");
    assertThatThrownBy(() -> LearningEvent.of("up", "a", "b").withWeight(-1))
        .hasMessageContaining("expected a finite weight above 0, got -1.0");
  }
}
