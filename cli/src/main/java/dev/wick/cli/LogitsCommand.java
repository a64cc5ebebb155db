package dev.wick.cli;

import dev.wick.cli.session.AdapterOptions;
import dev.wick.cli.session.DeviceOptions;
import dev.wick.cli.session.ModelOptions;
import dev.wick.cli.session.Session;
import dev.wick.cli.session.SessionAdapters;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.terminal.ProgressBar;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code wick logits}: writes the logits of every token of a prompt. */
@Command(
    name = "logits",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Writes the logits after every token of a prompt as safetensors:",
      "logits F32 [tokens, vocab] and input_ids I32 [tokens]."
    })
final class LogitsCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private AdapterOptions adapterOptions = new AdapterOptions();

  @Option(
      names = "--tokens",
      split = ",",
      paramLabel = "ID",
      description = "Token ids, separated by commas.")
  private int @Nullable [] tokens;

  @Option(names = "--text", paramLabel = "TEXT", description = "A text, to be tokenized.")
  private @Nullable String text;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FILE.safetensors",
      description = "Where to write.")
  private Path out = Path.of("");

  @Mixin private DeviceOptions device = new DeviceOptions();

  LogitsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    if ((tokens == null) == (text == null)) {
      throw new UsageException(
          "expected one of --tokens and --text, got " + (text == null ? "none" : "both"));
    }
    try (Session session = new Session(model, device, streams);
        SessionAdapters adapters = adapterOptions.open(session);
        ProgressBar bar = streams.progress("logits")) {
      int[] ids = text == null ? given() : session.tokenizer().encode(text);
      LogitRows rows = new LogitRows(session.model(), ids, adapters.uses(), bar);
      session.hideProgress();
      new SafetensorsWriter()
          .add("input_ids", TensorSpec.of(DType.I32, ids.length), littleEndian(ids))
          .add("logits", TensorSpec.of(DType.F32, ids.length, rows.vocabSize()), rows)
          .write(out);
      return ExitCode.OK;
    }
  }

  private static MemorySegment littleEndian(int[] ids) {
    ByteBuffer bytes =
        ByteBuffer.allocate(ids.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(ids);
    return MemorySegment.ofBuffer(bytes);
  }

  private int[] given() {
    return tokens == null ? new int[0] : tokens;
  }
}
