package dev.wick.cli;

import dev.wick.cli.session.AdapterOptions;
import dev.wick.cli.session.DeviceOptions;
import dev.wick.cli.session.ModelOptions;
import dev.wick.cli.session.Session;
import dev.wick.cli.session.SessionAdapters;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.ProgressBar;
import dev.wick.cli.terminal.Streams;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code wick perplexity}: measures how well a model foretells a text. */
@Command(
    name = "perplexity",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures how well a model foretells a text: exp of the mean loss per token, and its standard"
          + " error. Windows and numbers are those of llama-perplexity."
    })
final class PerplexityCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private AdapterOptions adapterOptions = new AdapterOptions();

  @Option(
      names = "--text",
      required = true,
      paramLabel = "FILE",
      description = "A text file, - for standard input; at least two windows long.")
  private String text = "";

  @Option(
      names = "--window",
      paramLabel = "TOKENS",
      description = "Tokens per window, of which the second half counts (default: 512).")
  private int window = 512;

  @Option(
      names = "--chunks",
      paramLabel = "N",
      description = "Most windows that are measured (default: all of the text).")
  private int chunks = Integer.MAX_VALUE;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private DeviceOptions device = new DeviceOptions();

  PerplexityCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    if (chunks < 1) {
      throw new UsageException("--chunks: expected at least 1, got " + chunks);
    }
    String content = streams.readText(text);
    try (Session session = new Session(model, device, streams);
        SessionAdapters adapters = adapterOptions.open(session);
        ProgressBar bar = streams.progress("perplexity")) {
      int[] tokens = session.tokenizer().encode(content);
      session.hideProgress();
      int contextLength = session.model().info().contextLength();
      if (window < Perplexity.MIN_WINDOW || window > contextLength) {
        throw new UsageException(
            "--window: expected %d to %d tokens, the context length, got %d"
                .formatted(Perplexity.MIN_WINDOW, contextLength, window));
      }
      Perplexity perplexity = new Perplexity(session.model(), adapters.uses(), window);
      if (tokens.length < 2 * window) {
        throw new UsageException(
            "--text: expected at least %d tokens, two windows, got %d; take a longer text or a"
                    .formatted(2 * window, tokens.length)
                + " smaller --window");
      }
      int windows = Math.min(chunks, tokens.length / window);
      for (int i = 0; i < windows; i++) {
        perplexity.add(tokens, i * window);
        if (Double.isNaN(perplexity.value())) {
          throw new IOException(
              "%s: expected finite logits in window %d, got NaN; check the weights of the model and of"
                      .formatted(session.path(), i + 1)
                  + " its adapters");
        }
        bar.show(
            (i + 1.0) / windows, String.format(Locale.ROOT, "%.4f so far", perplexity.value()));
      }
      print(perplexity, windows);
      return ExitCode.OK;
    }
  }

  private void print(Perplexity perplexity, int windows) throws IOException {
    if (json) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("perplexity", perplexity.value());
      fields.put("error", perplexity.error());
      fields.put("tokens", perplexity.count());
      fields.put("windows", windows);
      fields.put("window", window);
      Json.line(streams.out(), fields);
      return;
    }
    streams
        .out()
        .printf(
            Locale.ROOT,
            "perplexity %.4f +/- %.5f over %d tokens in %d windows of %d%n",
            perplexity.value(),
            perplexity.error(),
            perplexity.count(),
            windows,
            window);
  }
}
