package dev.wick.lora.training;

import dev.wick.lora.training.checkpoint.CheckpointStore;
import dev.wick.lora.training.checkpoint.OptimizerFile;
import dev.wick.lora.training.checkpoint.ParameterFiles;
import dev.wick.lora.training.checkpoint.RunState;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import dev.wick.lora.training.data.TrainingData;
import dev.wick.lora.training.optim.LearningRateSchedule;
import dev.wick.lora.training.program.RandomStreams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;

/** A run: steps, validations and checkpoints in their order, from the beginning or a checkpoint. */
final class TrainingLoop {
  private final TrainingSession session;
  private final TrainingConfig config;
  private final TrainingData training;
  private final Optional<TrainingData> validation;
  private final ParameterFiles files;
  private final Path output;
  private final TrainingListener listener;
  private final AtomicBoolean cancelled;
  private final CheckpointStore store;
  private final RandomStreams random;
  private final long totalSteps;
  private LossCurve curve = new LossCurve();
  private RunState state;
  private List<MicroBatch> batches;

  TrainingLoop(
      TrainingSession session,
      TrainingConfig config,
      TrainingData training,
      Optional<TrainingData> validation,
      ParameterFiles files,
      Path output,
      TrainingListener listener,
      AtomicBoolean cancelled) {
    this.session = session;
    this.config = config;
    this.training = training;
    this.validation = validation;
    this.files = files;
    this.output = output;
    this.listener = listener;
    this.cancelled = cancelled;
    this.store = new CheckpointStore(output, config.checkpointsKept());
    this.random = new RandomStreams(config.seed());
    this.state = RunState.beginning(identity());
    this.batches = epoch(0);
    this.totalSteps = config.steps() > 0 ? config.steps() : stepsOfEpochs();
  }

  private List<MicroBatch> epoch(long epoch) {
    return config.shuffle()
        ? training.shuffledBatches(
            config.batchSize(),
            config.packedLength(),
            random.stream(RandomStreams.Purpose.SHUFFLING, epoch, 0))
        : training.batches(config.batchSize(), config.packedLength());
  }

  private long stepsOfEpochs() {
    long steps = 0;
    for (int epoch = 0; epoch < config.epochs(); epoch++) {
      steps += Math.ceilDiv(epoch(epoch).size(), config.gradientAccumulation());
    }
    return steps;
  }

  /** What has to be the same for a run to go on as if it had never ended. */
  private Map<String, String> identity() {
    CRC32C checksum = new CRC32C();
    for (Example example : training.examples()) {
      for (int i = 0; i < example.length(); i++) {
        update(checksum, example.id(i));
        update(checksum, example.label(i));
      }
      if (example.weight() != 1) {
        update(checksum, Float.floatToIntBits(example.weight()));
      }
      update(checksum, Integer.MIN_VALUE);
    }
    Map<String, String> identity = new LinkedHashMap<>();
    identity.put("random", RandomStreams.ALGORITHM);
    identity.put("seed", Long.toString(config.seed()));
    identity.put("data", Long.toHexString(checksum.getValue()));
    identity.put("batch_size", Integer.toString(config.batchSize()));
    identity.put("gradient_accumulation", Integer.toString(config.gradientAccumulation()));
    identity.put("packed_length", Integer.toString(config.packedLength()));
    identity.put("shuffle", Boolean.toString(config.shuffle()));
    identity.put("trainable_parameters", Long.toString(session.size()));
    return identity;
  }

  private static void update(CRC32C checksum, int value) {
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      checksum.update(value >>> shift);
    }
  }

  TrainingResult run(boolean resume) throws IOException {
    Files.createDirectories(output);
    store.removeLeftovers();
    begin(resume);
    TrainingResult.Outcome outcome = TrainingResult.Outcome.COMPLETED;
    while (state.step() < totalSteps) {
      if (cancelled.get()) {
        outcome = TrainingResult.Outcome.CANCELLED;
        break;
      }
      boolean endsEpoch = step();
      boolean last = state.step() == totalSteps;
      if (validation.isPresent() && isEvaluationDue(endsEpoch || last)) {
        evaluate(validation.get());
        if (config.earlyStoppingPatience() > 0
            && state.evaluationsSinceBest() >= config.earlyStoppingPatience()) {
          outcome = TrainingResult.Outcome.STOPPED_EARLY;
          break;
        }
      }
      if (config.checkpointEvery() > 0 && state.step() % config.checkpointEvery() == 0) {
        checkpoint();
      }
    }
    return finish(outcome);
  }

  private void begin(boolean resume) throws IOException {
    Optional<Path> latest = store.latest();
    if (!resume && latest.isPresent()) {
      throw new IllegalArgumentException(
          "training: expected a folder without checkpoints, got %s; resume that run or choose"
                  .formatted(latest.get())
              + " another folder");
    }
    if (resume && latest.isPresent()) {
      restore(latest.get());
    }
  }

  private void restore(Path checkpoint) throws IOException {
    RunState found = RunState.read(checkpoint.resolve(RunState.FILE_NAME));
    if (!found.identity().equals(state.identity())) {
      throw new IllegalArgumentException(
          "training: expected the settings and data of %s, which are %s, got %s"
              .formatted(checkpoint, found.identity(), state.identity()));
    }
    files.restore(checkpoint);
    OptimizerFile.read(
        checkpoint.resolve(OptimizerFile.FILE_NAME), session.optimizer(), session.set().tensors());
    session.restored(found.step());
    curve = LossCurve.read(checkpoint.resolve(LossCurve.CSV_NAME));
    state = found;
    batches = epoch(state.epoch());
  }

  /** Makes a step; returns whether it was the last of its epoch. */
  private boolean step() {
    long begin = System.nanoTime();
    List<MicroBatch> together = new ArrayList<>();
    int next = state.nextBatch();
    while (together.size() < config.gradientAccumulation() && next < batches.size()) {
      together.add(batches.get(next++));
    }
    double rate = config.learningRate() * schedule().factor(state.step());
    TrainingSession.Outcome outcome = session.step(together, rate);
    StepReport report =
        new StepReport(
            state.step() + 1,
            totalSteps,
            state.epoch(),
            outcome.loss(),
            outcome.gradientNorm(),
            rate,
            together.stream().mapToLong(MicroBatch::tokens).sum(),
            (System.nanoTime() - begin) / 1e9);
    boolean endsEpoch = next == batches.size();
    state = endsEpoch ? state.advanced(state.epoch() + 1, 0) : state.advanced(state.epoch(), next);
    if (endsEpoch) {
      batches = epoch(state.epoch());
    }
    curve.add(report);
    listener.onStep(report);
    return endsEpoch;
  }

  private LearningRateSchedule schedule() {
    return new LearningRateSchedule(
        config.schedule(), config.warmUpSteps(), totalSteps, config.decaySteps());
  }

  private boolean isEvaluationDue(boolean endsEpoch) {
    return config.evaluateEvery() == 0
        ? endsEpoch
        : state.step() % config.evaluateEvery() == 0 || state.step() == totalSteps;
  }

  private void evaluate(TrainingData data) throws IOException {
    List<MicroBatch> all = data.batches(config.batchSize(), config.packedLength());
    double loss = session.evaluate(all);
    boolean best = loss < state.bestLoss();
    state = state.evaluated(loss, best);
    curve.addValidation(loss);
    long learned = all.stream().mapToLong(MicroBatch::learned).sum();
    listener.onEvaluation(new EvaluationReport(state.step(), loss, learned, best));
    if (best && config.earlyStoppingPatience() > 0) {
      checkpoint(); // what an early end goes back to
    }
  }

  private void checkpoint() throws IOException {
    Path folder =
        store.write(
            state.step(),
            config.earlyStoppingPatience() > 0 ? state.bestStep() : -1,
            target -> {
              files.write(target);
              OptimizerFile.write(
                  target.resolve(OptimizerFile.FILE_NAME),
                  session.optimizer(),
                  session.set().tensors());
              curve.write(target.resolve(LossCurve.CSV_NAME));
              state.write(target.resolve(RunState.FILE_NAME));
            });
    writeCurve();
    listener.onCheckpoint(state.step(), folder);
  }

  private void writeCurve() throws IOException {
    curve.write(output.resolve(LossCurve.CSV_NAME));
    Files.writeString(output.resolve(LossChart.SVG_NAME), LossChart.svg(curve));
  }

  private TrainingResult finish(TrainingResult.Outcome outcome) throws IOException {
    checkpoint();
    if (outcome == TrainingResult.Outcome.STOPPED_EARLY) {
      files.restore(output.resolve("checkpoint-" + state.bestStep()));
    }
    files.writeResult(output);
    return new TrainingResult(
        outcome,
        state.step(),
        curve.lastLoss(),
        Double.isFinite(state.bestLoss())
            ? OptionalDouble.of(state.bestLoss())
            : OptionalDouble.empty(),
        output);
  }
}
