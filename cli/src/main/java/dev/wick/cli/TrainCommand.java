package dev.wick.cli;

import dev.wick.cli.session.DeviceOptions;
import dev.wick.cli.session.ModelOptions;
import dev.wick.cli.session.Session;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.terminal.Interrupts;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.cli.training.AdapterFlags;
import dev.wick.cli.training.ModelRecordEncoder;
import dev.wick.cli.training.RunFlags;
import dev.wick.cli.training.TrainingProgress;
import dev.wick.formats.SafetensorsWeights;
import dev.wick.lora.training.FullTrainer;
import dev.wick.lora.training.LoraTrainer;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.TrainingResult;
import dev.wick.lora.training.data.JsonLines;
import dev.wick.lora.training.data.TrainingData;
import dev.wick.lora.training.data.TrainingRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code wick train}: fine-tunes a model and writes an adapter, or with {@code --full} a model. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Fine-tunes a model on a JSONL file and writes a PEFT adapter.",
      "Ctrl-C saves and ends; --resume goes on from there."
    })
final class TrainCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE",
      description = {
        "A line of JSON per record: \"messages\" (and \"tools\"), \"prompt\" and \"completion\", or"
            + " \"text\"."
      })
  private Path data = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the adapter, the loss curve and checkpoints.")
  private Path out = Path.of("");

  @Option(
      names = "--validation",
      paramLabel = "FILE|SHARE",
      description = "Records that are not learned: a file, or a share of --data such as 0.1.")
  private @Nullable String validation;

  @Option(names = "--resume", description = "Go on from the newest checkpoint in --out.")
  private boolean resume;

  @Option(names = "--full", description = "Train every parameter and write a model.")
  private boolean full;

  @Mixin private AdapterFlags adapter = new AdapterFlags();
  @Mixin private RunFlags run = new RunFlags();
  @Mixin private DeviceOptions device = new DeviceOptions();

  TrainCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    TrainingConfig config = run.config(full);
    if (run.stopsEarly() && validation == null) {
      throw new UsageException("--early-stopping: needs --validation; add it");
    }
    List<TrainingRecord> records = JsonLines.read(data);
    Optional<Double> share = share();
    List<TrainingRecord> aside =
        validation == null || share.isPresent() ? List.of() : JsonLines.read(Path.of(validation));
    boolean readsAhead = full || config.residentWeights() == 1;
    try (Session session = new Session(model, device, streams, readsAhead);
        TrainingProgress progress = new TrainingProgress(streams)) {
      TrainingData training = encode(session, records);
      Optional<TrainingData> held = Optional.empty();
      if (share.isPresent()) {
        TrainingData.Split split = split(training, share.get());
        training = split.training();
        held = Optional.of(split.validation());
      } else if (!aside.isEmpty()) {
        held = Optional.of(encode(session, aside));
      }
      session.hideProgress();
      announce(progress, training, held);
      TrainingResult result = train(session, config, training, held, progress);
      progress.hide();
      conclude(result);
      return ExitCode.OK;
    }
  }

  private Optional<Double> share() {
    if (validation == null || Files.exists(Path.of(validation))) {
      return Optional.empty();
    }
    try {
      return Optional.of(Double.parseDouble(validation));
    } catch (NumberFormatException e) {
      throw new UsageException(
          "--validation: expected a file or a share such as 0.1, got " + validation, e);
    }
  }

  private TrainingData encode(Session session, List<TrainingRecord> records) throws IOException {
    boolean conversations =
        records.stream().anyMatch(r -> r.content() instanceof TrainingRecord.Conversation);
    ModelRecordEncoder encoder =
        new ModelRecordEncoder(session.path(), session.tokenizer(), conversations);
    int context = session.model().info().contextLength();
    return TrainingData.encode(records, encoder, Math.min(run.maxLength(), context));
  }

  private TrainingData.Split split(TrainingData all, double share) {
    try {
      return all.split(share, run.seed());
    } catch (IllegalArgumentException e) {
      throw new UsageException("--validation: " + e.getMessage(), e);
    }
  }

  private static void announce(
      TrainingProgress progress, TrainingData training, Optional<TrainingData> held) {
    progress.line(
        "%d records, %s tokens%s%s%s"
            .formatted(
                training.examples().size(),
                Quantities.count(training.tokens()),
                held.map(h -> ", %d for validation".formatted(h.examples().size())).orElse(""),
                training.truncated() == 0 ? "" : ", %d cut".formatted(training.truncated()),
                training.leftOut() == 0
                    ? ""
                    : ", %d left out, as nothing in them is learned"
                        .formatted(training.leftOut())));
  }

  private TrainingResult train(
      Session session,
      TrainingConfig config,
      TrainingData training,
      Optional<TrainingData> held,
      TrainingProgress progress)
      throws IOException {
    if (full) {
      if (!(session.checkpoint().weights() instanceof SafetensorsWeights)) {
        throw new UsageException(
            "--full: expected a model folder, whose weights can be trained, got the GGUF file "
                + session.path());
      }
      FullTrainer trainer = new FullTrainer(session.model(), session.path(), config);
      held.ifPresent(trainer::withValidation);
      trainer.withListener(progress).withResume(resume);
      try (Interrupts _ = Interrupts.handledBy(trainer::cancel)) {
        return trainer.train(training, out);
      }
    }
    LoraTrainer trainer = new LoraTrainer(session.model(), adapter.config(model.model()), config);
    held.ifPresent(trainer::withValidation);
    trainer.withListener(progress).withResume(resume);
    try (Interrupts _ = Interrupts.handledBy(trainer::cancel)) {
      return trainer.train(training, out);
    }
  }

  private void conclude(TrainingResult result) {
    String ending =
        switch (result.outcome()) {
          case COMPLETED -> "done";
          case STOPPED_EARLY -> "stopped early, the best checkpoint is the result";
          case CANCELLED -> "interrupted and saved, --resume goes on";
        };
    streams
        .out()
        .printf(
            Locale.ROOT,
            "%s: %d steps, loss %.4f%s: %s%n",
            ending,
            result.steps(),
            result.loss(),
            result.validationLoss().isPresent()
                ? String.format(
                    Locale.ROOT, ", validation loss %.4f", result.validationLoss().getAsDouble())
                : "",
            result.folder());
    streams.out().flush();
  }
}
