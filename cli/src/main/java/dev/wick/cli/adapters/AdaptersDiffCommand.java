package dev.wick.cli.adapters;

import dev.wick.cli.session.AdapterArgument;
import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.model.LowRank;
import dev.wick.lora.merge.LowRankProduct;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code wick adapters diff}: compares what two adapters do. */
@Command(
    name = "diff",
    mixinStandardHelpOptions = true,
    description = {
      "Compares two adapters: settings, and per linear the norms of what they add, of the"
          + " difference, and the cosine between them."
    })
final class AdaptersDiffCommand implements Callable<Integer> {
  private final Streams streams;

  @Parameters(index = "0", paramLabel = "DIR", description = "The one.")
  private String first = "";

  @Parameters(index = "1", paramLabel = "DIR", description = "The other.")
  private String second = "";

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  AdaptersDiffCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    AdapterArgument one = AdapterArgument.parse(first);
    AdapterArgument other = AdapterArgument.parse(second);
    try (PeftAdapter a = PeftAdapter.open(one.name(), one.folder());
        PeftAdapter b = PeftAdapter.open(other.name(), other.folder())) {
      Map<String, Map<String, @Nullable Object>> settings = settings(a, b);
      Map<String, Map<String, Object>> linears = linears(a, b);
      if (json) {
        Json.pretty(streams.out(), Map.of("settings", settings, "linears", linears));
      } else {
        print(settings, linears);
      }
    }
    return ExitCode.OK;
  }

  private static Map<String, Map<String, @Nullable Object>> settings(PeftAdapter a, PeftAdapter b) {
    Map<String, Object> left = AdapterFields.of(a);
    Map<String, Object> right = AdapterFields.of(b);
    TreeSet<String> keys = new TreeSet<>(left.keySet());
    keys.addAll(right.keySet());
    keys.remove("name");
    Map<String, Map<String, @Nullable Object>> differences = new LinkedHashMap<>();
    for (String key : keys) {
      if (!Objects.equals(left.get(key), right.get(key))) {
        Map<String, @Nullable Object> sides = new LinkedHashMap<>();
        sides.put("a", left.get(key));
        sides.put("b", right.get(key));
        differences.put(key, sides);
      }
    }
    return differences;
  }

  private static Map<String, Map<String, Object>> linears(PeftAdapter a, PeftAdapter b) {
    TreeSet<String> names = new TreeSet<>(a.deltas().keySet());
    names.addAll(b.deltas().keySet());
    Map<String, Map<String, Object>> all = new TreeMap<>();
    for (String name : names) {
      LowRank x = a.deltas().get(name);
      LowRank y = b.deltas().get(name);
      Map<String, Object> fields = new LinkedHashMap<>();
      if (x != null) {
        fields.put("norm_a", LowRankProduct.norm(x));
      }
      if (y != null) {
        fields.put("norm_b", LowRankProduct.norm(y));
      }
      if (x != null && y != null && x.in() == y.in() && x.out() == y.out()) {
        double norms = LowRankProduct.norm(x) * LowRankProduct.norm(y);
        fields.put("norm_difference", LowRankProduct.distance(x, y));
        fields.put("cosine", norms == 0 ? 0 : LowRankProduct.inner(x, y) / norms);
      }
      all.put(name, fields);
    }
    return all;
  }

  private void print(
      Map<String, Map<String, @Nullable Object>> settings,
      Map<String, Map<String, Object>> linears) {
    PrintWriter out = streams.out();
    settings.forEach((key, sides) -> out.printf("%-18s %s%n", key, sides));
    out.printf("%-48s %10s %10s %10s %8s%n", "linear", "norm a", "norm b", "difference", "cosine");
    linears.forEach(
        (name, fields) ->
            out.printf(
                "%-48s %10s %10s %10s %8s%n",
                name,
                number(fields.get("norm_a")),
                number(fields.get("norm_b")),
                number(fields.get("norm_difference")),
                number(fields.get("cosine"))));
  }

  private static String number(@Nullable Object value) {
    return value instanceof Double number ? String.format(Locale.ROOT, "%.4g", number) : "-";
  }
}
