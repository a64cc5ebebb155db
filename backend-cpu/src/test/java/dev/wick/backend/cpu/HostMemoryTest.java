package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class HostMemoryTest {
  @Test
  void allocate_anySize_isZeroedAndAligned() {
    for (long size : new long[] {1, 63, 64, 65, 4096, 1 << 20}) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment memory = HostMemory.allocate(size, arena);

        assertThat(memory.byteSize()).isEqualTo(size);
        assertThat(memory.address() % 64).isZero();
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        memory.fill((byte) 1);
      }
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "reads resident memory from /proc")
  void allocate_largeBlock_takesNoMemoryBeforeItIsWritten() throws IOException {
    long size = 1L << 30;
    long before = residentBytes();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = HostMemory.allocate(size, arena);
      memory.set(ValueLayout.JAVA_BYTE, size - 1, (byte) 1);

      assertThat(residentBytes() - before).isLessThan(size / 4);
    }
  }

  private static long residentBytes() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ")[1];
    return 4096 * Long.parseLong(pages);
  }
}
