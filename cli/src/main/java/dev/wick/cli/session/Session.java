package dev.wick.cli.session;

import dev.wick.cli.terminal.Streams;
import dev.wick.engine.Engine;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.Models;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.formats.Checkpoint;
import dev.wick.streaming.Generator;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A model that is ready to run, composed from the argument of {@code --model}: checkpoint, device,
 * model, tokenizer and generator. One thread at a time.
 *
 * <p>While the model is loaded the weights are read ahead and the tokenizer is loaded, each on a
 * thread of its own.
 */
public final class Session implements AutoCloseable {
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final LoadingBar progress;
  private final Streams streams;
  private final LoadOptions loadOptions;
  private final Optional<TokenizerLoading> tokenizer;
  private final Checkpoint checkpoint;
  private final Engine engine;
  private final LanguageModel model;

  /**
   * Loads a model. A folder without a tokenizer is an error only when the tokenizer is asked for.
   *
   * @throws IOException if the model cannot be found, read or built; the message names what is
   *     wrong
   * @throws IllegalArgumentException if the argument is no folder, GGUF file or hub id
   * @throws dev.wick.engine.NoBackendException if there is no such device
   */
  public Session(ModelOptions options, DeviceOptions device, Streams streams) throws IOException {
    this(options, device, streams, true);
  }

  /**
   * Loads a model, as the other constructor does.
   *
   * @param readsAhead whether all weights are brought into memory while it is built
   */
  public Session(ModelOptions options, DeviceOptions device, Streams streams, boolean readsAhead)
      throws IOException {
    progress = own(new LoadingBar(streams));
    try {
      this.streams = streams;
      loadOptions = options.loadOptions().withListener(progress::placed);
      Path path = ModelFolder.resolve(options.model(), streams);
      boolean hasTokenizer =
          Files.isRegularFile(path) || Files.exists(path.resolve("tokenizer.json"));
      tokenizer = hasTokenizer ? Optional.of(own(new TokenizerLoading(path))) : Optional.empty();
      checkpoint = own(Checkpoint.open(path));
      if (readsAhead) {
        own(new Prefetch(checkpoint, progress));
      } else {
        progress.skipReading();
      }
      engine = own(device.open());
      model = own(Models.load(checkpoint, engine, loadOptions));
      options.check(model.info());
    } catch (IOException | RuntimeException e) {
      Closing.after(e, owned);
      throw e;
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  /** Where the model lies: a folder or a GGUF file. */
  public Path path() {
    return checkpoint.path();
  }

  /** The configuration and weights. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** The device. */
  public Engine engine() {
    return engine;
  }

  /** The model. */
  public LanguageModel model() {
    return model;
  }

  /**
   * The tokenizer; waits until it is loaded.
   *
   * @throws IOException if there is none, or it is damaged; the message names the file
   */
  public HuggingFaceTokenizer tokenizer() throws IOException {
    return tokenizer.isPresent()
        ? tokenizer.get().await()
        : HuggingFaceTokenizer.load(path()); // which says what is missing
  }

  /**
   * A generator on the model, which is closed with this session.
   *
   * @throws IOException if there is no tokenizer, or it is damaged
   */
  public Generator newGenerator() throws IOException {
    stepMeanwhile(List.of());
    return own(new Generator(model, tokenizer()));
  }

  /**
   * A generator that guesses tokens as the options say, which is closed with this session.
   *
   * @param adapters those that the first request is expected to use
   * @throws IOException if there is no tokenizer, or it is damaged, or the smaller model cannot be
   *     loaded or has other tokens
   */
  public Generator newGenerator(SpeculationOptions speculation, SessionAdapters adapters)
      throws IOException {
    stepMeanwhile(adapters.uses());
    return own(new Generator(model, tokenizer(), speculation.generatorOptions(this)));
  }

  /**
   * Decodes a token that nobody wants, if the tokenizer is still being loaded: the program of a
   * step is traced, its classes and adapters are there before the prompt is.
   */
  private void stepMeanwhile(List<AdapterUse> adapters) {
    if (tokenizer.isPresent() && tokenizer.get().isLoading()) {
      try (KvLease lease = model.kvPool().lease()) {
        StepBatch.Sequence sequence =
            new StepBatch.Sequence(1, lease, StepBatch.Logits.LAST, adapters);
        model.step(new StepBatch(new int[] {0}, List.of(sequence)), new StepOutput());
      }
    }
  }

  /** Loads a smaller model on the same device, which is closed with this session. */
  LanguageModel loadDraft(String argument) throws IOException {
    Path folder = ModelFolder.resolve(argument, streams);
    DraftTokenizer.check(folder, path(), tokenizer());
    Checkpoint draft = own(Checkpoint.open(folder));
    return own(Models.load(draft, engine, loadOptions));
  }

  /** Removes the progress bar, if one is shown: the first result is about to be printed. */
  public void hideProgress() {
    progress.hide();
  }

  /** Closes everything, the last opened first. */
  @Override
  public void close() {
    Closing.all(owned);
  }
}
