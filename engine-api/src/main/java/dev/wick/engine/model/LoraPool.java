package dev.wick.engine.model;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.LoraMatMul;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Device memory with the low-rank numbers of the adapters in use (the unified pool of S-LoRA, Sheng
 * et al. 2023, arXiv:2311.03285). Adapters come when a step needs them; those used least recently
 * make room. One thread at a time.
 */
final class LoraPool implements AutoCloseable {
  private static final long SMALLEST = 1 << 18; // floats

  private final Engine engine;
  private final LoraLayout layout;
  private final long maxFloats;
  private final List<LoraResident> residents = new ArrayList<>(); // by offset
  private final TreeSet<String> targets = new TreeSet<>();
  private TensorScope scope;
  private Tensor numbers;
  private int maxRank;
  private int generation;
  private long clock;

  /** An empty pool that grows up to a number of bytes. */
  LoraPool(Engine engine, LoraLayout layout, long maxBytes) {
    this.engine = engine;
    this.layout = layout;
    this.maxFloats = Math.min(maxBytes / 4, (long) Integer.MAX_VALUE * LoraMatMul.UNIT);
    this.scope = engine.newScope();
    this.numbers = scope.zeros(DType.F32, Shape.of(LoraMatMul.UNIT));
  }

  /** Changes whenever programs that use the pool have to be traced anew. */
  int generation() {
    return generation;
  }

  /** The numbers, F32 [n]. */
  Tensor numbers() {
    return numbers;
  }

  /** Names of the linears that some adapter changes, in order. */
  List<String> targets() {
    return List.copyOf(targets);
  }

  /** Largest rank that a program has to expect. */
  int maxRank() {
    return maxRank;
  }

  /**
   * Brings adapters to the device, all at once.
   *
   * @throws IllegalArgumentException if an adapter does not fit the model, or all of them together
   *     do not fit the pool
   */
  void bring(Collection<Adapter> adapters) {
    clock++;
    for (Adapter adapter : adapters) {
      find(adapter).ifPresent(resident -> resident.lastUse = clock);
    }
    residents.removeIf(LoraResident::isUnreachable);
    for (Adapter adapter : adapters) {
      if (find(adapter).isPresent()) {
        continue;
      }
      LoraResident resident = layout.resident(adapter);
      if (!place(resident)) {
        grow(adapters);
        bring(adapters);
        return;
      }
      write(resident, adapter);
      admit(resident);
    }
  }

  /** Where an adapter's numbers lie. */
  Optional<LoraResident> find(Adapter adapter) {
    for (LoraResident resident : residents) {
      if (resident.holds(adapter)) {
        return Optional.of(resident);
      }
    }
    return Optional.empty();
  }

  /** Finds room, evicting what is not used by the current step. */
  private boolean place(LoraResident resident) {
    while (true) {
      long offset = 0;
      for (LoraResident other : residents) {
        if (offset + resident.floats <= other.offset) {
          break;
        }
        offset = Math.max(offset, other.offset + other.floats);
      }
      if (offset + resident.floats <= numbers.shape().size()) {
        resident.offset = offset;
        return true;
      }
      Optional<LoraResident> oldest =
          residents.stream()
              .filter(other -> other.lastUse < clock)
              .min(Comparator.comparingLong(other -> other.lastUse));
      if (oldest.isEmpty() || numbers.shape().size() < maxFloats) {
        return false; // growing comes before evicting
      }
      residents.remove(oldest.get());
    }
  }

  private void grow(Collection<Adapter> adapters) {
    long needed = 0;
    for (Adapter adapter : adapters) {
      needed += find(adapter).orElseGet(() -> layout.resident(adapter)).floats;
    }
    long size = numbers.shape().size();
    if (needed > maxFloats) {
      throw new IllegalArgumentException(
          ("adapters: expected at most %d bytes for the adapters of one step, got %d; load the model"
                  + " with a larger adapter budget")
              .formatted(4 * maxFloats, 4 * needed));
    }
    // All that is resident is written again: rare, and simpler than moving it.
    long wanted = Math.max(SMALLEST, Math.max(2 * needed, size < maxFloats ? 2 * size : size));
    residents.clear();
    scope.close();
    scope = engine.newScope();
    numbers = scope.zeros(DType.F32, Shape.of(Math.min(aligned(wanted), aligned(maxFloats))));
    generation++;
  }

  private static long aligned(long floats) {
    return Math.ceilDiv(floats, LoraMatMul.UNIT) * LoraMatMul.UNIT;
  }

  private void write(LoraResident resident, Adapter adapter) {
    if (resident.floats == 0) {
      return;
    }
    Tensor target = numbers.view(Layout.contiguous(Shape.of(resident.floats)), resident.offset);
    Optional<MemorySegment> shared = target.storage().buffer().hostView();
    if (shared.isPresent()) {
      long start = target.storage().byteOffset();
      layout.write(adapter, resident, shared.get().asSlice(start, 4 * resident.floats));
    } else {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment staging = arena.allocate(4 * resident.floats, 64);
        layout.write(adapter, resident, staging);
        target.write(staging);
      }
    }
  }

  private void admit(LoraResident resident) {
    resident.lastUse = clock;
    residents.add(resident);
    residents.sort(Comparator.comparingLong(other -> other.offset));
    int rank =
        resident.maxRank <= 1 ? resident.maxRank : Integer.highestOneBit(resident.maxRank - 1) << 1;
    boolean moreTargets = targets.addAll(resident.targets());
    if (moreTargets || rank > maxRank) {
      maxRank = Math.max(maxRank, rank);
      generation++;
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
