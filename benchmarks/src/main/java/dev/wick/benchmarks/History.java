package dev.wick.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The figures of all runs, a line of JSON each: when, of which commit, on what, and what was
 * measured. {@code benchmarks/run} names the file and the commit; without them nothing is written.
 */
final class History {
  private static final String FILE = "wick.history";
  private static final String COMMIT = "wick.commit";

  private History() {}

  /**
   * Appends a line.
   *
   * @param benchmark what ran
   * @param machine processor and device
   * @param setup what it ran on
   * @param figures what it measured
   */
  static void append(
      String benchmark, String machine, Map<String, Object> setup, Map<String, Double> figures)
      throws IOException {
    String file = System.getProperty(FILE);
    if (file == null) {
      return;
    }
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    line.put("commit", System.getProperty(COMMIT, "unknown"));
    line.put("benchmark", benchmark);
    line.put("machine", machine);
    line.put("jvm", System.getProperty("java.vm.name") + " " + Runtime.version());
    line.putAll(setup);
    Map<String, Double> rounded = new LinkedHashMap<>();
    figures.forEach((name, value) -> rounded.put(name, Math.round(value * 1000) / 1000.0));
    line.put("figures", rounded);
    Path path = Path.of(file);
    Files.createDirectories(path.toAbsolutePath().getParent());
    Files.writeString(
        path,
        new ObjectMapper().writeValueAsString(line) + "\n",
        StandardCharsets.UTF_8,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}
