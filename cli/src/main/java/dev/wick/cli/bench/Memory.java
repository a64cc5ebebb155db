package dev.wick.cli.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** What the process has used of memory. */
public final class Memory {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Memory() {}

  /** Bytes of heap that all threads together have allocated so far. */
  static long allocatedBytes() {
    return THREADS.getTotalThreadAllocatedBytes();
  }

  /**
   * The most memory the process has had resident, mapped files included, in bytes; empty where the
   * system does not tell.
   */
  public static OptionalLong peakResidentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return OptionalLong.empty();
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmHWM:")) {
        String[] words = line.strip().split("\\s+");
        return OptionalLong.of(Long.parseLong(words[1]) * 1024);
      }
    }
    return OptionalLong.empty();
  }
}
