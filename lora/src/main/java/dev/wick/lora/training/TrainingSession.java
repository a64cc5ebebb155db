package dev.wick.lora.training;

import dev.wick.engine.SharedArena;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import dev.wick.lora.training.optim.AdamW;
import dev.wick.lora.training.program.DeviceState;
import dev.wick.lora.training.program.FullVariables;
import dev.wick.lora.training.program.LoraVariables;
import dev.wick.lora.training.program.RandomStreams;
import dev.wick.lora.training.program.Trainable;
import dev.wick.lora.training.program.TrainableSet;
import dev.wick.lora.training.program.TrainingProgram;
import dev.wick.lora.training.program.TrainingShape;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Training step by step, for loops of one's own: the variables of a run, their optimiser, and the
 * programs that compute losses and gradients. {@link LoraTrainer} is a loop around it.
 *
 * <p>The model stays as it is. One thread at a time.
 */
public final class TrainingSession implements AutoCloseable {
  private static final int PROGRAMS_KEPT = 4;

  private final LanguageModel model;
  private final TrainableSet set;
  private final TrainingConfig config;
  private final Optional<PeftConfig> adapter;
  private final RandomStreams random;
  private final AdamW optimizer;
  private final DeviceState state;
  private final SharedArena arena;
  private final List<float[]> gradients;
  private final float[] scratch;
  private final LinkedHashMap<ProgramKey, TrainingProgram> programs =
      new LinkedHashMap<>(PROGRAMS_KEPT, 0.75f, true);

  private record ProgramKey(TrainingShape shape, boolean differentiates) {}

  private TrainingSession(
      LanguageModel model, TrainableSet set, TrainingConfig config, Optional<PeftConfig> adapter) {
    this.model = model;
    this.set = set;
    this.config = config;
    this.adapter = adapter;
    this.random = new RandomStreams(config.seed());
    List<Integer> sizes = set.tensors().stream().map(tensor -> tensor.values().length).toList();
    this.optimizer = new AdamW(config.optimizer(), sizes);
    this.arena = new SharedArena(model.engine());
    this.gradients = sizes.stream().map(size -> new float[size]).toList();
    this.scratch = new float[Collections.max(sizes)];
    this.state = new DeviceState(model.engine(), set.tensors());
  }

  /**
   * A session that trains a fresh adapter, initialised as PEFT does: A uniformly random, B zero, so
   * that it changes nothing yet.
   *
   * @throws IllegalArgumentException if the adapter's configuration targets nothing in the model,
   *     or asks for what cannot be trained
   */
  public static TrainingSession lora(
      LanguageModel model, PeftConfig adapter, TrainingConfig config) {
    return new TrainingSession(
        model, LoraVariables.fresh(model, adapter, config.seed()), config, Optional.of(adapter));
  }

  /**
   * A session that trains an adapter further. The adapter itself stays as it is.
   *
   * @throws IllegalArgumentException if the adapter is not for the model
   */
  public static TrainingSession lora(
      LanguageModel model, PeftAdapter adapter, TrainingConfig config) {
    return new TrainingSession(
        model, LoraVariables.of(model, adapter), config, Optional.of(adapter.config()));
  }

  /** A session that trains every parameter of the model, in F32 copies. */
  public static TrainingSession full(LanguageModel model, TrainingConfig config) {
    return new TrainingSession(model, FullVariables.of(model), config, Optional.empty());
  }

  /** Number of steps made. */
  public long steps() {
    return optimizer.steps();
  }

  /** Number of elements that are trained. */
  public long size() {
    return set.size();
  }

  /**
   * Loss and gradients of one optimiser step, without making it.
   *
   * @return the loss, as the configuration reduces it
   * @throws IllegalArgumentException if nothing in the micro-batches is to be learned
   */
  public double computeGradients(List<MicroBatch> batches) {
    gradients.forEach(gradient -> Arrays.fill(gradient, 0));
    double learned = batches.stream().mapToDouble(MicroBatch::learnedWeight).sum();
    if (learned == 0) {
      throw new IllegalArgumentException("training: expected tokens to learn, got none");
    }
    double loss = 0;
    for (int i = 0; i < batches.size(); i++) {
      MicroBatch batch = batches.get(i);
      if (batch.learned() > 0) {
        TrainingProgram program = program(batch, true);
        SplittableRandom dropout =
            random.stream(RandomStreams.Purpose.DROPOUT, optimizer.steps(), i);
        loss += program.run(batch, weight(batch, batches.size(), learned), dropout);
        for (int v = 0; v < gradients.size(); v++) {
          program.addGradient(v, gradients.get(v), scratch);
        }
      }
    }
    return loss;
  }

  private double weight(MicroBatch batch, int batches, double learned) {
    return switch (config.lossReduction()) {
      case TOKENS_OVER_ACCUMULATION -> 1.0 / learned;
      case MEAN_OF_MICROBATCH_MEANS -> 1.0 / (batches * batch.learnedWeight());
    };
  }

  /** Euclidean norm of the gradients that were computed last. */
  public double gradientNorm() {
    return GradientClipping.norm(gradients);
  }

  /** Loss and gradient norm of a step. */
  public record Outcome(double loss, double gradientNorm) {}

  /**
   * Makes one optimiser step: gradients of all micro-batches, clipping, AdamW.
   *
   * @param rate learning rate
   * @throws DivergedException if the loss or a gradient is not finite; nothing is changed then
   */
  public Outcome step(List<MicroBatch> batches, double rate) {
    double loss = computeGradients(batches);
    double norm = gradientNorm();
    if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
      throw new DivergedException(steps() + 1, loss, norm);
    }
    if (config.maxGradientNorm() > 0) {
      GradientClipping.clip(gradients, norm, config.maxGradientNorm());
    }
    optimizer.step(set.values(), gradients, rate);
    state.upload();
    return new Outcome(loss, norm);
  }

  /**
   * Mean loss of all learned tokens by their weights, without dropout and label smoothing; NaN if
   * there are none.
   */
  public double evaluate(List<MicroBatch> batches) {
    double learned = batches.stream().mapToDouble(MicroBatch::learnedWeight).sum();
    double loss = 0;
    for (MicroBatch batch : batches) {
      if (batch.learned() > 0) {
        SplittableRandom none = new SplittableRandom(0);
        double own = batch.learnedWeight();
        loss += program(batch, false).run(batch, 1.0 / own, none) * own;
      }
    }
    return loss / learned;
  }

  private TrainingProgram program(MicroBatch batch, boolean differentiates) {
    for (Example example : batch.examples()) {
      for (int i = 0; i < example.length(); i++) {
        if (example.id(i) < 0 || example.id(i) >= model.info().vocabSize()) {
          throw new IllegalArgumentException(
              "training: expected tokens below %d, the model's vocabulary, got %d"
                  .formatted(model.info().vocabSize(), example.id(i)));
        }
      }
      if (example.length() > model.info().contextLength()) {
        throw new IllegalArgumentException(
            "training: expected examples of at most %d tokens, the model's context, got %d"
                .formatted(model.info().contextLength(), example.length()));
      }
    }
    ProgramKey key = new ProgramKey(TrainingShape.of(batch), differentiates);
    TrainingProgram program = programs.get(key);
    if (program == null) {
      while (programs.size() >= PROGRAMS_KEPT) {
        programs.pollFirstEntry().getValue().close();
      }
      program = newProgram(key);
      programs.put(key, program);
    }
    return program;
  }

  private TrainingProgram newProgram(ProgramKey key) {
    int growths = arena.growths();
    try {
      return new TrainingProgram(
          model.engine(),
          arena,
          model.forwardPass(),
          set,
          state,
          key.shape(),
          settings(),
          key.differentiates());
    } finally {
      if (arena.growths() > growths) {
        closePrograms(); // they hold the memory that was too small
      }
    }
  }

  private TrainingProgram.Settings settings() {
    return new TrainingProgram.Settings(
        config.logitRows(),
        config.labelSmoothing(),
        config.gradientCheckpointing(),
        config.residentWeights());
  }

  /** Copies of the trained tensors, by name. */
  public Map<String, HostTensor> parameters() {
    return copies(set.values());
  }

  /** Copies of the gradients that were computed last, by name; clipped if a step was made. */
  public Map<String, HostTensor> gradients() {
    return copies(gradients);
  }

  private Map<String, HostTensor> copies(List<float[]> arrays) {
    Map<String, HostTensor> copies = new LinkedHashMap<>();
    for (int i = 0; i < arrays.size(); i++) {
      Trainable tensor = set.tensors().get(i);
      copies.put(tensor.name(), HostTensor.of(arrays.get(i).clone(), tensor.shape().toArray()));
    }
    return copies;
  }

  /**
   * The adapter as it is now, a copy.
   *
   * @throws IllegalStateException if whole parameters are trained, and no adapter
   */
  public PeftAdapter adapter(String name) {
    PeftConfig own =
        adapter.orElseThrow(
            () ->
                new IllegalStateException(
                    "training: expected a session that trains an adapter, got one that trains the"
                        + " model's parameters"));
    return LoraVariables.adapter(name, own, set);
  }

  /** The trained tensors themselves. */
  TrainableSet set() {
    return set;
  }

  AdamW optimizer() {
    return optimizer;
  }

  /** Takes over trained values and optimiser state that were written from outside. */
  void restored(long steps) {
    optimizer.restoreSteps(steps);
    state.upload();
  }

  /** Frees the device memory; the model stays open. */
  @Override
  public void close() {
    closePrograms();
    arena.close();
    state.close();
  }

  private void closePrograms() {
    programs.values().forEach(TrainingProgram::close);
    programs.clear();
  }
}
