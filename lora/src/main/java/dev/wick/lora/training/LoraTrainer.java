package dev.wick.lora.training;

import dev.wick.engine.model.LanguageModel;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.checkpoint.AdapterFiles;
import dev.wick.lora.training.data.TrainingData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Fine-tunes a model through an adapter (LoRA, Hu et al. 2021, arXiv:2106.09685), with the numbers
 * of PEFT and torch. The model's weights stay as they are, in the type in which they are stored.
 *
 * {@snippet :
 * PeftConfig adapter = PeftConfig.builder(8, 16).targetModules("q_proj", "v_proj").build();
 * TrainingConfig config = TrainingConfig.builder().epochs(3).learningRate(1e-4).build();
 * TrainingResult result =
 *     new LoraTrainer(model, adapter, config).train(data, Path.of("my-adapter"));
 * }
 *
 * <p>The folder then holds the adapter as PEFT loads it, {@code loss.csv}, {@code loss.svg}, and
 * the newest checkpoints. One run at a time; {@link #cancel} may be called by any thread.
 */
public final class LoraTrainer {
  private final LanguageModel model;
  private final PeftConfig adapter;
  private final TrainingConfig config;
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private Optional<PeftAdapter> initial = Optional.empty();
  private Optional<TrainingData> validation = Optional.empty();
  private TrainingListener listener = TrainingListener.NONE;
  private boolean resume;

  /**
   * A trainer of a fresh adapter.
   *
   * @param adapter rank, targets and the like
   */
  public LoraTrainer(LanguageModel model, PeftConfig adapter, TrainingConfig config) {
    this.model = model;
    this.adapter = adapter;
    this.config = config;
  }

  /** A trainer that goes on with an adapter, which itself stays as it is. */
  public LoraTrainer(LanguageModel model, PeftAdapter initial, TrainingConfig config) {
    this(model, initial.config(), config);
    this.initial = Optional.of(initial);
  }

  /** Sets data that are validated with and not learned. */
  public LoraTrainer withValidation(TrainingData data) {
    this.validation = Optional.of(data);
    return this;
  }

  /** Sets who is told how the run goes. */
  public LoraTrainer withListener(TrainingListener value) {
    this.listener = value;
    return this;
  }

  /** Sets whether a run goes on from the newest checkpoint of its folder, if there is one. */
  public LoraTrainer withResume(boolean value) {
    this.resume = value;
    return this;
  }

  /** Ends the run after its current step, with a checkpoint and the adapter as it is then. */
  public void cancel() {
    cancelled.set(true);
  }

  /**
   * Trains.
   *
   * @param folder for the adapter, the loss curve and checkpoints; made if it is not there
   * @throws IOException if a file cannot be written or, to resume, read; the last checkpoint is
   *     good
   * @throws DivergedException if a loss or gradient is not finite; the last checkpoint is good
   * @throws IllegalArgumentException if adapter, data and model do not fit, if the folder holds
   *     checkpoints and the run is not to resume, or those of a run with other settings or data
   */
  public TrainingResult train(TrainingData data, Path folder) throws IOException {
    try (TrainingSession session =
        initial.isPresent()
            ? TrainingSession.lora(model, initial.get(), config)
            : TrainingSession.lora(model, adapter, config)) {
      return new TrainingLoop(
              session,
              config,
              data,
              validation,
              new AdapterFiles(adapter, session.set()),
              folder,
              listener,
              cancelled)
          .run(resume);
    }
  }
}
