package dev.wick.cli;

import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.BackendReport;
import dev.wick.engine.Engine;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code wick devices}: shows every backend with its devices, or why it has none. */
@Command(
    name = "devices",
    mixinStandardHelpOptions = true,
    description = "Lists every backend with its devices, or why it has none.")
final class DevicesCommand implements Callable<Integer> {
  private final Streams streams;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  DevicesCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    List<BackendReport> reports = Engine.probe();
    if (json) {
      Json.pretty(streams.out(), reports.stream().map(DevicesCommand::fields).toList());
      return ExitCode.OK;
    }
    PrintWriter out = streams.out();
    if (reports.isEmpty()) {
      out.println("no backend is on the module path; add one, for example wick-backend-cpu");
    }
    for (BackendReport report : reports) {
      switch (report.probe()) {
        case Probe.Available available -> available.devices().forEach(this::print);
        case Probe.Unavailable(String reason, String remedy) -> {
          out.printf("%-12s not available: %s%n", report.backend(), reason);
          out.printf("%-12s   remedy: %s%n", "", remedy);
        }
      }
    }
    return ExitCode.OK;
  }

  private void print(DeviceInfo device) {
    String memory = device.memoryBytes() == 0 ? "" : ", " + Quantities.bytes(device.memoryBytes());
    streams
        .out()
        .printf("%-12s %s, %s%s%n", device.id(), kind(device), device.description(), memory);
  }

  private static String kind(DeviceInfo device) {
    return switch (device.kind()) {
      case GPU -> "GPU";
      case CPU -> "CPU";
      case FALLBACK -> "library";
    };
  }

  private static Map<String, Object> fields(BackendReport report) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("backend", report.backend());
    switch (report.probe()) {
      case Probe.Available available -> {
        List<Object> devices = new ArrayList<>();
        available.devices().forEach(device -> devices.add(fields(device)));
        fields.put("devices", devices);
      }
      case Probe.Unavailable(String reason, String remedy) -> {
        fields.put("devices", List.of());
        fields.put("reason", reason);
        fields.put("remedy", remedy);
      }
    }
    return fields;
  }

  private static Map<String, Object> fields(DeviceInfo device) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", device.id());
    fields.put("kind", device.kind().name().toLowerCase(Locale.ROOT));
    fields.put("description", device.description());
    fields.put("memory_bytes", device.memoryBytes());
    fields.put("unified_memory", device.unifiedMemory());
    return fields;
  }
}
