package dev.wick.cli;

import dev.wick.cli.session.ModelFolder;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.terminal.ProgressBar;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.tensor.DType;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.gguf.GgufFile;
import dev.wick.formats.quantize.GgufFileType;
import dev.wick.formats.quantize.QuantizedModel;
import dev.wick.tokenizers.GgufTokenizerWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code wick quantize}: writes a model as a GGUF file, in fewer bits. */
@Command(
    name = "quantize",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Writes a model folder as one GGUF file, which Wick and llama.cpp run. Norms and biases stay"
          + " F32; the embedding and a few matrices get more bits than the others, as llama.cpp"
          + " chooses."
    })
final class QuantizeCommand implements Callable<Integer> {
  private final Streams streams;

  @Option(
      names = {"-m", "--model"},
      required = true,
      paramLabel = "DIR|HUBID[@REV]",
      description = "The model folder, or a hub id.")
  private String model = "";

  @Option(
      names = {"-t", "--type"},
      required = true,
      paramLabel = "TYPE",
      description = {
        "q8_0, q6_k, q5_k (_m or _s), q5_1, q5_0, q4_k (_m or _s), q4_1, q4_0, or unquantised:"
            + " bf16, f16, f32."
      })
  private String type = "";

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FILE.gguf",
      description = "Where to write.")
  private Path out = Path.of("");

  QuantizeCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    GgufFileType fileType = fileType();
    if (!GgufFile.hasName(out)) {
      throw new UsageException("--out: expected a name that ends in .gguf, got " + out);
    }
    try (Checkpoint checkpoint = Checkpoint.open(ModelFolder.resolve(model, streams));
        ProgressBar bar = streams.progress("quantize")) {
      QuantizedModel quantized = QuantizedModel.of(checkpoint, fileType);
      reportWider(quantized.wider());
      quantized.write(
          out,
          writer ->
              GgufTokenizerWriter.write(
                  checkpoint.path(), vocabSize(checkpoint), checkpoint.config(), writer),
          done -> bar.update(done, quantized.byteSize()));
      report(quantized);
    }
    return ExitCode.OK;
  }

  private GgufFileType fileType() {
    try {
      return GgufFileType.of(type);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--type: " + e.getMessage(), e);
    }
  }

  private static int vocabSize(Checkpoint checkpoint) throws IOException {
    if (checkpoint.config().get("vocab_size") instanceof Integer size) {
      return size;
    }
    throw new IOException(checkpoint.path() + ": config.json: vocab_size: expected a whole number");
  }

  /** Says once which matrices do not fit the type. */
  private void reportWider(List<QuantizedModel.Planned> wider) {
    if (wider.isEmpty()) {
      return;
    }
    streams
        .err()
        .printf(
            "%s no multiple of the block of %s, and %s kept in %s: %s%s%n",
            wider.size() == 1
                ? "1 matrix has rows that are"
                : wider.size() + " matrices have rows that are",
            types(wider.stream().map(QuantizedModel.Planned::wanted)),
            wider.size() == 1 ? "is" : "are",
            types(wider.stream().map(tensor -> tensor.spec().dtype())),
            wider.getFirst().name(),
            wider.size() == 1 ? "" : ", ...");
  }

  private static String types(Stream<DType> types) {
    return types
        .distinct()
        .sorted()
        .map(type -> type.isQuantized() ? type + " (" + type.blockElements() + ")" : type.name())
        .collect(Collectors.joining(" and "));
  }

  private void report(QuantizedModel quantized) throws IOException {
    long parameters =
        quantized.tensors().stream().mapToLong(tensor -> tensor.spec().shape().size()).sum();
    streams
        .err()
        .printf(
            Locale.ROOT,
            "wrote %s: %s, %.2f bits per weight%n",
            out,
            Quantities.bytes(Files.size(out)),
            8.0 * quantized.byteSize() / parameters);
  }
}
