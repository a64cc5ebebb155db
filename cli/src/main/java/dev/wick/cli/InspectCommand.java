package dev.wick.cli;

import dev.wick.cli.session.ModelFolder;
import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.gguf.GgufFile;
import dev.wick.formats.safetensors.SafetensorsHeader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code wick inspect}: shows what a checkpoint holds, from its headers. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Shows what a checkpoint holds; reads headers and configuration only.")
final class InspectCommand implements Callable<Integer> {
  private final Streams streams;

  @Option(
      names = {"-m", "--model"},
      required = true,
      paramLabel = "DIR|FILE.gguf|FILE.safetensors|HUBID[@REV][:FILE.gguf]",
      description = "A model folder, a GGUF or safetensors file, or a hub id.")
  private String model = "";

  @Option(names = "--summary", description = "Leave out the list of tensors.")
  private boolean summary;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  InspectCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    Inspection inspection = inspect();
    if (json) {
      Json.pretty(streams.out(), inspection.fields(!summary));
    } else {
      print(inspection);
    }
    return ExitCode.OK;
  }

  private Inspection inspect() throws IOException {
    if (Files.isRegularFile(Path.of(model)) && !GgufFile.hasName(Path.of(model))) {
      SafetensorsHeader header = SafetensorsHeader.read(Path.of(model));
      return new Inspection(model, Map.of(), List.of(Inspection.WeightFile.of(header)), Map.of());
    }
    try (Checkpoint checkpoint = Checkpoint.open(ModelFolder.resolve(model, streams))) {
      return Inspection.of(checkpoint);
    }
  }

  private void print(Inspection inspection) {
    PrintWriter out = streams.out();
    out.println(inspection.location());
    inspection.summary().forEach((key, value) -> out.printf("  %-24s %s%n", key, value));
    inspection
        .companions()
        .forEach((name, there) -> out.printf("  %-24s %s%n", name, there ? "yes" : "no"));
    if (!summary) {
      printTensors(inspection);
    }
    out.printf("%nfiles%n");
    for (Inspection.WeightFile file : inspection.files()) {
      out.printf(
          "  %-40s %6d tensors %10s%n",
          file.name(), file.tensors().size(), Quantities.bytes(file.byteSize()));
    }
    out.printf("%ntotals%n");
    inspection
        .totals()
        .forEach(
            (dtype, total) ->
                out.printf(
                    Locale.ROOT,
                    "  %-8s %6d tensors %,18d parameters %10s%n",
                    dtype,
                    total.tensors(),
                    total.parameters(),
                    Quantities.bytes(total.bytes())));
    Inspection.Total all = inspection.total();
    out.printf(
        Locale.ROOT,
        "  %-8s %6d tensors %,18d parameters %10s%n",
        "all",
        all.tensors(),
        all.parameters(),
        Quantities.bytes(all.bytes()));
  }

  private void printTensors(Inspection inspection) {
    PrintWriter out = streams.out();
    int widest = 0;
    for (String name : inspection.tensors().keySet()) {
      widest = Math.max(widest, name.length());
    }
    out.printf("%ntensors%n");
    for (Map.Entry<String, TensorSpec> tensor : inspection.tensors().entrySet()) {
      String name = tensor.getKey() + " ".repeat(widest - tensor.getKey().length());
      TensorSpec spec = tensor.getValue();
      out.printf(
          "  %s  %-6s %-20s %10s%n",
          name, spec.dtype(), spec.shape(), Quantities.bytes(spec.byteSize()));
    }
  }
}
