package dev.wick.backend.cpu.emit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the processor can do, as Linux tells it: a feature that the system does not save for its
 * processes is not listed.
 */
record Machine(Set<String> features) {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final Set<String> NARROW = Set.of("avx2", "fma", "f16c");
  private static final Set<String> WIDE =
      Set.of("bmi1", "avx512f", "avx512bw", "avx512dq", "avx512vl");

  Machine {
    features = Set.copyOf(features);
  }

  /** This machine; without features where Linux on x86-64 is not what it runs. */
  static Machine current() {
    boolean known =
        System.getProperty("os.name", "").equals("Linux")
            && System.getProperty("os.arch", "").equals("amd64");
    if (!known || !Files.isReadable(PROCESSORS)) {
      return new Machine(Set.of());
    }
    try (Stream<String> lines = Files.lines(PROCESSORS)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(
              line ->
                  new Machine(Set.of(line.substring(line.indexOf(':') + 1).strip().split("\\s+"))))
          .orElse(new Machine(Set.of()));
    } catch (IOException unreadable) {
      // As if it were not there: the vector kernels need no such knowledge.
      return new Machine(Set.of());
    }
  }

  /** Whether vectors of 512 bits can be used. */
  boolean hasWide() {
    return hasNarrow() && features.containsAll(WIDE);
  }

  /** Whether vectors of 256 bits can be used. */
  boolean hasNarrow() {
    return features.containsAll(NARROW);
  }

  /** Whether there are products of BF16 pairs with F32 sums. */
  boolean hasBf16() {
    return features.contains("avx512_bf16");
  }

  /** Whether there are products of four bytes with sums of 32 bits, on vectors of 512 bits. */
  boolean hasInt8() {
    return features.contains("avx512_vnni");
  }
}
