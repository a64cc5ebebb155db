package dev.wick.backend.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What Linux tells about processor and memory; little is known elsewhere. */
final class HostFacts {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final Pattern MODEL = Pattern.compile("model name\\s*:\\s*(.+)");
  private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s*(\\d+) kB");

  private HostFacts() {}

  /** The maker's name of the processor, or the architecture. */
  static String processorName() {
    return firstMatch(PROCESSORS, MODEL).orElseGet(() -> System.getProperty("os.arch", "unknown"));
  }

  /** Physical memory in bytes, 0 if unknown. */
  static long memoryBytes() {
    return firstMatch(MEMORY, TOTAL).map(kilobytes -> 1024 * Long.parseLong(kilobytes)).orElse(0L);
  }

  private static Optional<String> firstMatch(Path file, Pattern pattern) {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .map(pattern::matcher)
          .filter(Matcher::matches)
          .map(matcher -> matcher.group(1).strip())
          .findFirst();
    } catch (IOException unreadable) {
      // A description is all that depends on it.
      return Optional.empty();
    }
  }
}
