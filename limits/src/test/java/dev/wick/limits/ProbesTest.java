package dev.wick.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProbesTest {
  @Test
  void read_segments_countsAllBytesAndTakesTime() throws InterruptedException {
    try (Arena arena = Arena.ofShared()) {
      ReadProbe probe = new ReadProbe(List.of(arena.allocate(1 << 20), arena.allocate(6 << 20)));

      assertThat(probe.bytes()).isEqualTo(7 << 20);
      assertThat(probe.bytesPerSecond(2, 3)).isBetween(1e6, 1e13);
    }
  }

  @Test
  void fma_twoThreads_isARateThatAMachineCanHave() throws InterruptedException {
    assertThat(FmaProbe.operationsPerSecond(2)).isBetween(1e7, 1e15);
  }
}
