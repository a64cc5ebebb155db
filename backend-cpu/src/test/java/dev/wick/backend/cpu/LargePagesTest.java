package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LargePagesTest {
  private final LargePages pages = new LargePages();

  @Test
  void allocate_anySize_isZeroedAlignedAndApart() {
    List<MemorySegment> blocks = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      for (long size : new long[] {1, 63, 64, 65, 4096, 2 << 20, 3 << 20, 63L << 20, 65L << 20}) {
        MemorySegment block = pages.allocate(size, arena);
        assertThat(block.byteSize()).isEqualTo(size);
        assertThat(block.address() % 64).isZero();
        for (MemorySegment other : blocks) {
          assertThat(block.asOverlappingSlice(other)).isEmpty();
        }
        blocks.add(block);
      }
      MemorySegment large = blocks.getLast();
      assertThat(large.mismatch(Arena.ofAuto().allocate(large.byteSize()))).isEqualTo(-1);
      large.fill((byte) 1);
    }
    assertThat(blocks).noneMatch(block -> block.scope().isAlive());
  }

  @Test
  void close_oneArena_keepsTheBlocksOfOthers() {
    Arena first = Arena.ofShared();
    try (Arena second = Arena.ofShared()) {
      MemorySegment gone = pages.allocate(100, first);
      MemorySegment kept = pages.allocate(100, second);
      kept.fill((byte) 7);
      first.close();

      assertThat(kept.toArray(ValueLayout.JAVA_BYTE)).containsOnly(7);
      assertThatThrownBy(() -> gone.get(ValueLayout.JAVA_BYTE, 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Already closed");
    }
  }

  @Test
  void allocate_afterTheLastBlockIsGone_isZeroedAgain() {
    for (int i = 0; i < 3; i++) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment block = pages.allocate(1 << 16, arena);

        assertThat(block.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        block.fill((byte) 1);
      }
    }
  }
}
