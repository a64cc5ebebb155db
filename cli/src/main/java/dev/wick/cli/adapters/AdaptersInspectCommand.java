package dev.wick.cli.adapters;

import dev.wick.cli.session.AdapterArgument;
import dev.wick.cli.session.ModelFolder;
import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.model.LowRank;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.merge.LowRankProduct;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code wick adapters inspect}: shows what an adapter is and how much it changes. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description = "Shows an adapter's settings, and the norm of what it adds to each linear.")
final class AdaptersInspectCommand implements Callable<Integer> {
  private final Streams streams;

  @Parameters(paramLabel = "DIR", description = "The adapter's folder.")
  private String folder = "";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "DIR|FILE.gguf|HUBID[@REV][:FILE.gguf]",
      description = "Check it against this model.")
  private @Nullable String model;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  AdaptersInspectCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    AdapterArgument argument = AdapterArgument.parse(folder);
    if (model == null) {
      try (PeftAdapter adapter = PeftAdapter.open(argument.name(), argument.folder())) {
        show(adapter);
      }
      return ExitCode.OK;
    }
    try (Checkpoint checkpoint = Checkpoint.open(ModelFolder.resolve(model, streams));
        PeftAdapter adapter =
            PeftAdapter.open(
                argument.name(),
                argument.folder(),
                new BaseWeights(checkpoint.location(), checkpoint.weights()))) {
      show(adapter);
    }
    return ExitCode.OK;
  }

  private void show(PeftAdapter adapter) throws IOException {
    Map<String, Object> fields = AdapterFields.of(adapter);
    PrintWriter out = streams.out();
    if (json) {
      List<Map<String, Object>> linears = new ArrayList<>();
      adapter.deltas().forEach((name, delta) -> linears.add(linear(name, delta)));
      fields.put("by_linear", linears);
      fields.put("by_parameter", List.copyOf(adapter.replacements().keySet()));
      Json.pretty(out, fields);
      return;
    }
    fields.forEach((key, value) -> out.printf("%-18s %s%n", key, value));
    out.println();
    out.printf("%-48s %5s %8s %15s %10s%n", "linear", "rank", "scale", "[out, in]", "norm");
    adapter
        .deltas()
        .forEach(
            (name, delta) ->
                out.printf(
                    Locale.ROOT,
                    "%-48s %5d %8.4g %15s %10.4g%n",
                    name,
                    delta.rank(),
                    delta.scale(),
                    List.of(delta.out(), delta.in()),
                    LowRankProduct.norm(delta)));
    adapter
        .replacements()
        .forEach((name, tensor) -> out.printf("%-48s replaced by %s%n", name, tensor.spec()));
  }

  private static Map<String, Object> linear(String name, LowRank delta) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("linear", name);
    fields.put("rank", delta.rank());
    fields.put("scale", delta.scale());
    fields.put("shape", List.of(delta.out(), delta.in()));
    fields.put("norm", LowRankProduct.norm(delta));
    return fields;
  }
}
