package dev.wick.cli.adapters;

import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code wick adapters list}: shows the adapters in a folder. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists the adapters in a folder and the folders in it.")
final class AdaptersListCommand implements Callable<Integer> {
  private final Streams streams;

  @Parameters(arity = "0..1", paramLabel = "DIR", description = "The folder (default: this one).")
  private Path folder = Path.of(".");

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  AdaptersListCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> inside = Files.list(folder)) {
      Stream.concat(Stream.of(folder), inside.sorted())
          .filter(path -> Files.exists(path.resolve(PeftConfig.FILE_NAME)))
          .forEach(found::add);
    }
    PrintWriter out = streams.out();
    List<Map<String, Object>> all = found.stream().map(this::fields).toList();
    if (json) {
      Json.pretty(out, all);
      return ExitCode.OK;
    }
    if (found.isEmpty()) {
      streams.err().println("no adapters in " + folder);
    }
    for (Map<String, Object> fields : all) {
      if (fields.containsKey("error")) {
        out.printf("%-32s %s%n", fields.get("folder"), fields.get("error"));
      } else {
        out.printf(
            "%-32s %10s  r=%s alpha=%s  %s linears  %s%n",
            fields.get("folder"),
            Quantities.bytes(fields.get("bytes") instanceof Long bytes ? bytes : 0),
            fields.get("r"),
            fields.get("lora_alpha"),
            fields.get("linears"),
            fields.get("base_model"));
      }
    }
    return ExitCode.OK;
  }

  /** A damaged adapter is shown with what is wrong. */
  private Map<String, Object> fields(Path path) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("folder", path.equals(folder) ? path : folder.relativize(path));
    try (PeftAdapter adapter = PeftAdapter.open("listed", path)) {
      fields.putAll(AdapterFields.of(adapter));
      fields.remove("name");
    } catch (IOException e) {
      fields.put("error", String.valueOf(e.getMessage()));
    }
    return fields;
  }
}
