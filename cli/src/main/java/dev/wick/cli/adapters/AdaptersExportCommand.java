package dev.wick.cli.adapters;

import dev.wick.cli.session.AdapterArgument;
import dev.wick.cli.session.ModelFolder;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.terminal.Streams;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.merge.GgufAdapter;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code wick adapters export}: writes an adapter for other programs. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Writes an adapter as a PEFT folder or as a GGUF file for llama.cpp.")
final class AdaptersExportCommand implements Callable<Integer> {
  /** The forms. */
  enum Format {
    PEFT,
    GGUF
  }

  private final Streams streams;

  @Parameters(paramLabel = "DIR", description = "The adapter's folder.")
  private String folder = "";

  @Option(
      names = "--format",
      required = true,
      paramLabel = "peft|gguf",
      description = "The form to write.")
  private Format format = Format.PEFT;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "PATH",
      description = "The folder or file to write.")
  private Path out = Path.of("");

  @Option(
      names = {"-m", "--model"},
      paramLabel = "DIR|HUBID[@REV]",
      description = "The base model: the adapter is checked against it, and GGUF names it.")
  private @Nullable String model;

  @Option(
      names = "--model-type",
      paramLabel = "TYPE",
      description = "The base model's model_type, such as qwen3; for gguf without --model.")
  private @Nullable String modelType;

  AdaptersExportCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    AdapterArgument argument = AdapterArgument.parse(folder);
    if (model != null) {
      try (Checkpoint checkpoint = Checkpoint.open(ModelFolder.resolve(model, streams));
          PeftAdapter adapter =
              PeftAdapter.open(
                  argument.name(),
                  argument.folder(),
                  new BaseWeights(checkpoint.location(), checkpoint.weights()))) {
        write(adapter, checkpoint.modelType());
      }
    } else {
      try (PeftAdapter adapter = PeftAdapter.open(argument.name(), argument.folder())) {
        write(adapter, modelType);
      }
    }
    streams.err().println("wrote " + out);
    return ExitCode.OK;
  }

  private void write(PeftAdapter adapter, @Nullable String type) throws IOException {
    switch (format) {
      case PEFT -> adapter.save(out);
      case GGUF -> {
        if (type == null) {
          throw new UsageException(
              "--format gguf: expected --model or --model-type beside it, got neither");
        }
        GgufAdapter.write(adapter, type, out);
      }
    }
  }
}
