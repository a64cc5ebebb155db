package dev.wick.lora.training;

import dev.wick.engine.model.LanguageModel;
import dev.wick.lora.training.checkpoint.ModelFiles;
import dev.wick.lora.training.data.TrainingData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Trains every parameter of a model, in F32 copies of its own: twelve bytes per parameter beside
 * the gradients. For small models, also from random weights.
 *
 * <p>The folder then holds the model in BF16 with the configuration and tokenizer of the original,
 * {@code loss.csv}, {@code loss.svg}, and the newest checkpoints. One run at a time; {@link
 * #cancel} may be called by any thread.
 */
public final class FullTrainer {
  private final LanguageModel model;
  private final Path source;
  private final TrainingConfig config;
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private Optional<TrainingData> validation = Optional.empty();
  private TrainingListener listener = TrainingListener.NONE;
  private boolean resume;

  /**
   * A trainer of a model.
   *
   * @param source the folder that the model was loaded from
   */
  public FullTrainer(LanguageModel model, Path source, TrainingConfig config) {
    this.model = model;
    this.source = source;
    this.config = config;
  }

  /** Sets data that are validated with and not learned. */
  public FullTrainer withValidation(TrainingData data) {
    this.validation = Optional.of(data);
    return this;
  }

  /** Sets who is told how the run goes. */
  public FullTrainer withListener(TrainingListener value) {
    this.listener = value;
    return this;
  }

  /** Sets whether a run goes on from the newest checkpoint of its folder, if there is one. */
  public FullTrainer withResume(boolean value) {
    this.resume = value;
    return this;
  }

  /** Ends the run after its current step, with a checkpoint and the model as it is then. */
  public void cancel() {
    cancelled.set(true);
  }

  /**
   * Trains.
   *
   * @param folder for the model, the loss curve and checkpoints; made if it is not there
   * @throws IOException if a file cannot be written or, to resume, read; the last checkpoint is
   *     good
   * @throws DivergedException if a loss or gradient is not finite; the last checkpoint is good
   * @throws IllegalArgumentException if data and model do not fit, if the folder holds checkpoints
   *     and the run is not to resume, or those of a run with other settings or data
   */
  public TrainingResult train(TrainingData data, Path folder) throws IOException {
    try (TrainingSession session = TrainingSession.full(model, config)) {
      return new TrainingLoop(
              session,
              config,
              data,
              validation,
              new ModelFiles(source, session.set()),
              folder,
              listener,
              cancelled)
          .run(resume);
    }
  }
}
