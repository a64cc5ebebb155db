package dev.wick.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  private static Storage storage(long bytes, int firstUse, int lastUse) {
    Storage storage = Storage.inArena(bytes);
    storage.usedBy(firstUse);
    storage.usedBy(lastUse);
    return storage;
  }

  @Test
  void place_storagesAtRandom_neverOverlapWhileBothLive() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 300; round++) {
      List<Storage> storages = new ArrayList<>();
      int calls = 1 + random.nextInt(40);
      for (int i = 0; i < random.nextInt(60); i++) {
        int first = random.nextInt(calls);
        long bytes = 1 + (random.nextBoolean() ? random.nextInt(200) : random.nextInt(9)) * 64L;
        Storage storage = storage(bytes, first, first + random.nextInt(calls - first));
        storage.pinned = random.nextInt(8) == 0;
        storages.add(storage);
      }

      long arena = MemoryPlan.place(storages);

      for (Storage a : storages) {
        assertThat(a.arenaOffset).as("offset, seed %d", seed).isNotNegative();
        assertThat(a.arenaOffset % 64).as("alignment, seed %d", seed).isZero();
        assertThat(a.arenaOffset + a.byteSize).as("end, seed %d", seed).isLessThanOrEqualTo(arena);
        for (Storage b : storages) {
          boolean live =
              a.pinned || b.pinned || (a.firstUse <= b.lastUse && b.firstUse <= a.lastUse);
          boolean apart =
              a.arenaOffset + a.byteSize <= b.arenaOffset
                  || b.arenaOffset + b.byteSize <= a.arenaOffset;
          assertThat(a == b || !live || apart).as("two live storages, seed %d", seed).isTrue();
        }
      }
    }
  }

  @Test
  void place_storageThatReplacesAnother_keepsItsPlaceUntilTheEndOfBoth() {
    Storage first = storage(1024, 0, 3);
    Storage second = storage(1024, 3, 5);
    Storage third = storage(1024, 5, 6);
    Storage meanwhile = storage(1024, 6, 6);

    second.replace(first);
    third.replace(second);

    assertThat(third.place()).isSameAs(first);
    assertThat(MemoryPlan.place(List.of(first, meanwhile))).isEqualTo(2048);
  }

  @Test
  void place_chainOfValues_takesTwoPlaces() {
    List<Storage> chain = new ArrayList<>();
    for (int call = 0; call < 50; call++) {
      chain.add(storage(1024, call, call + 1)); // written by one call, read by the next
    }

    assertThat(MemoryPlan.place(chain)).isEqualTo(2048);
  }

  @Test
  void place_pinnedStorage_sharesWithNone() {
    Storage input = storage(100, 0, 0);
    input.pinned = true;
    Storage late = storage(100, 9, 9);

    MemoryPlan.place(List.of(input, late));

    assertThat(Math.abs(input.arenaOffset - late.arenaOffset)).isGreaterThanOrEqualTo(100);
  }

  @Test
  void place_nothing_isOneByte() {
    assertThat(MemoryPlan.place(List.of())).isEqualTo(1);
  }
}
