package dev.wick.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;

/**
 * Places storages in one arena so that those in use at the same time do not overlap. Greedy by
 * size, as in Pisarchyk and Lee 2020, arXiv:2001.03288: the largest first, each at the lowest
 * offset free during its life.
 */
final class MemoryPlan {
  private static final long ALIGNMENT = 64;

  private MemoryPlan() {}

  /**
   * Lets results take the place of operands where their operations allow it and nothing else needs
   * these any more.
   */
  static void replace(List<TracedCall> calls) {
    for (int i = 0; i < calls.size(); i++) {
      TracedCall call = calls.get(i);
      for (int r = 0; r < call.results().size(); r++) {
        OptionalInt operand = call.op().replaceableOperand(r);
        if (operand.isPresent()) {
          replace(call, i, call.operands().get(operand.getAsInt()), call.results().get(r));
        }
      }
    }
  }

  private static void replace(TracedCall call, int index, TracedValue operand, TracedValue result) {
    Storage from = operand.storage();
    Storage to = result.storage();
    long readers =
        call.operands().stream().filter(value -> value.storage() == from).count()
            + call.results().stream().filter(value -> value.storage() == from).count();
    boolean whole =
        operand.byteOffset() == 0
            && operand.layout().equals(result.layout())
            && operand.dtype() == result.dtype()
            && from.byteSize == to.byteSize;
    boolean ends = from.external == null && !from.pinned && from.lastUse == index;
    if (whole && ends && readers == 1 && !to.pinned && to.firstUse == index) {
      to.replace(from);
    }
  }

  /**
   * Sets the arena offset of each storage.
   *
   * @return bytes of the arena
   */
  static long place(Collection<Storage> storages) {
    List<Storage> bySize = new ArrayList<>(storages);
    bySize.sort(Comparator.comparingLong((Storage storage) -> storage.byteSize).reversed());
    List<Storage> placed = new ArrayList<>();
    long arena = 1;
    for (Storage storage : bySize) {
      long offset = 0;
      for (Storage other : placed) {
        if (!overlapsInTime(storage, other)) {
          continue;
        }
        if (offset + storage.byteSize <= other.arenaOffset) {
          break;
        }
        offset = Math.max(offset, aligned(other.arenaOffset + other.byteSize));
      }
      storage.arenaOffset = offset;
      arena = Math.max(arena, offset + storage.byteSize);
      insertByOffset(placed, storage);
    }
    return arena;
  }

  private static void insertByOffset(List<Storage> placed, Storage storage) {
    int index = placed.size();
    while (index > 0 && placed.get(index - 1).arenaOffset > storage.arenaOffset) {
      index--;
    }
    placed.add(index, storage);
  }

  private static boolean overlapsInTime(Storage a, Storage b) {
    if (a.pinned || b.pinned) {
      return true;
    }
    return a.firstUse <= b.lastUse && b.firstUse <= a.lastUse;
  }

  private static long aligned(long offset) {
    return (offset + ALIGNMENT - 1) & -ALIGNMENT;
  }
}
