package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostCopyTest {
  private static final int OFFSET = 24;
  private static final long SEED = 20_261_122;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 262_143, 262_144, 262_145, 600_001})
  void run_anySize_copiesAllBytesToHeapAndNativeMemory(int size) {
    byte[] expected = new byte[size];
    new Random(SEED).nextBytes(expected);
    try (Arena arena = Arena.ofConfined();
        Arena shared = Arena.ofShared();
        WorkerTeam team = new WorkerTeam(3);
        Execution execution = new Execution(team)) {
      MemorySegment source = shared.allocate(OFFSET + size + 64L, 64);
      MemorySegment.copy(expected, 0, source, ValueLayout.JAVA_BYTE, OFFSET, size);
      byte[] heap = new byte[size];
      MemorySegment confined = arena.allocate(Math.max(1, size)).asSlice(0, size);
      HostCopy copy = new HostCopy();

      copy.run(execution, source, OFFSET, MemorySegment.ofArray(heap));
      copy.run(execution, source, OFFSET, confined);

      assertThat(Arrays.equals(heap, expected)).as("heap").isTrue();
      assertThat(Arrays.equals(confined.toArray(ValueLayout.JAVA_BYTE), expected))
          .as("native")
          .isTrue();
    }
  }
}
