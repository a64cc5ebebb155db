package dev.wick.lora.learning;

import dev.wick.engine.model.LanguageModel;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.training.StepReport;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.TrainingSession;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import dev.wick.lora.training.data.TrainingData;
import dev.wick.lora.training.optim.LearningRateSchedule;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Trains a candidate from the version in use, compares the two, and publishes or drops it. */
final class LearningRound {
  private final LanguageModel model;
  private final AdapterRegistry registry;
  private final LearningOptions options;
  private final Pacer pacer;
  private final Notices notices;

  LearningRound(
      LanguageModel model,
      AdapterRegistry registry,
      LearningOptions options,
      Pacer pacer,
      Notices notices) {
    this.model = model;
    this.registry = registry;
    this.options = options;
    this.pacer = pacer;
    this.notices = notices;
  }

  /**
   * Makes a round.
   *
   * @param current a lease of the version in use
   * @param examples to be learned
   * @param heldOut with which versions are compared
   * @param seed of the order of the examples
   */
  LearningDecision run(
      String adapter,
      Optional<AdapterLease> current,
      List<Example> examples,
      List<Example> heldOut,
      long seed) {
    long version = current.map(AdapterLease::version).orElse(0L);
    notices.round(adapter, version, examples.size());
    try (TrainingSession session =
        current.isPresent()
            ? TrainingSession.lora(model, peft(current.get()), options.training())
            : TrainingSession.lora(model, options.adapter(), options.training())) {
      double before = evaluate(session, heldOut);
      train(
          adapter, session, RoundPlan.steps(examples, options.training(), options.budget(), seed));
      double after = evaluate(session, heldOut);
      if (pacer.isStopped()) {
        return new LearningDecision.Cancelled(adapter);
      }
      Comparison comparison = comparison(before, after, heldOut);
      return options.gate().accepts(comparison)
          ? publish(adapter, version, session, comparison)
          : new LearningDecision.Rejected(adapter, comparison);
    }
  }

  static Comparison comparison(double current, double candidate, List<Example> heldOut) {
    long tokens = heldOut.stream().mapToLong(Example::learned).sum();
    return new Comparison(current, candidate, heldOut.size(), tokens);
  }

  /** An adapter that can be trained on. */
  static PeftAdapter peft(AdapterLease lease) {
    if (lease.adapter() instanceof PeftAdapter adapter) {
      return adapter;
    }
    throw new IllegalArgumentException(
        "learning: expected %s to be a PEFT adapter, got a %s, which cannot be trained"
            .formatted(lease.name(), lease.adapter().getClass().getSimpleName()));
  }

  private void train(String adapter, TrainingSession session, List<List<MicroBatch>> steps) {
    TrainingConfig training = options.training();
    int total = steps.size();
    long warmUp = Math.min(training.warmUpSteps(), total);
    LearningRateSchedule schedule =
        new LearningRateSchedule(
            training.schedule(), warmUp, total, Math.min(training.decaySteps(), total - warmUp));
    for (int step = 0; step < total && !pacer.isStopped(); step++) {
      long begin = System.nanoTime();
      double rate = training.learningRate() * schedule.factor(step);
      TrainingSession.Outcome outcome = session.step(steps.get(step), rate);
      long nanos = System.nanoTime() - begin;
      long tokens = steps.get(step).stream().mapToLong(MicroBatch::tokens).sum();
      notices.step(
          adapter,
          new StepReport(
              step + 1,
              total,
              0,
              outcome.loss(),
              outcome.gradientNorm(),
              rate,
              tokens,
              nanos / 1e9));
      pacer.rest(nanos);
    }
  }

  /** Mean loss, computed in pieces between which requests get the device; NaN if stopped. */
  double evaluate(TrainingSession session, List<Example> heldOut) {
    TrainingConfig training = options.training();
    double sum = 0;
    double weights = 0;
    for (MicroBatch batch :
        TrainingData.of(heldOut).batches(training.batchSize(), training.packedLength())) {
      if (pacer.isStopped()) {
        return Double.NaN;
      }
      long begin = System.nanoTime();
      sum += session.evaluate(List.of(batch)) * batch.learnedWeight();
      weights += batch.learnedWeight();
      pacer.rest(System.nanoTime() - begin);
    }
    return sum / weights;
  }

  private LearningDecision publish(
      String adapter, long version, TrainingSession session, Comparison comparison) {
    PeftAdapter candidate = session.adapter(adapter);
    OptionalLong published = OptionalLong.empty();
    try {
      published = registry.publishAfter(adapter, version, candidate);
    } finally {
      if (published.isEmpty()) {
        candidate.close();
      }
    }
    return published.isPresent()
        ? new LearningDecision.Published(adapter, published.getAsLong(), comparison)
        : new LearningDecision.Overtaken(adapter, version);
  }
}
