package dev.wick.engine;

import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A computation that was traced once, with all its memory planned, and runs as often as wanted
 * without allocating. One thread at a time.
 */
public final class Program implements AutoCloseable {
  private final CommandQueue queue;
  private final DeviceBuffer arena;
  private final long arenaBytes;
  private final boolean ownsArena;
  private final Recording recording;
  private final Map<String, TensorView> inputs;
  private final Map<String, TensorView> outputs;
  private boolean closed;

  Program(
      Engine engine,
      Map<String, TracedValue> inputs,
      Map<String, TracedValue> outputs,
      List<TracedCall> calls,
      double residentShare,
      Optional<SharedArena> shared) {
    // In the order of the trace, so that one trace always gives one plan.
    Set<Storage> storages = new LinkedHashSet<>();
    inputs.values().forEach(value -> storages.add(value.storage()));
    outputs.values().forEach(value -> storages.add(value.storage()));
    for (TracedCall call : calls) {
      call.operands().forEach(value -> storages.add(value.storage()));
      call.results().forEach(value -> storages.add(value.storage()));
    }
    storages.removeIf(storage -> storage.external != null);
    MemoryPlan.replace(calls);
    storages.removeIf(storage -> storage.place() != storage);
    this.arenaBytes = MemoryPlan.place(storages);
    this.ownsArena = shared.isEmpty();
    this.arena =
        shared.isPresent()
            ? shared.get().atLeast(arenaBytes)
            : engine.device().allocate(arenaBytes);
    try {
      this.inputs = views(inputs);
      this.outputs = views(outputs);
      this.queue = engine.device().newQueue();
    } catch (RuntimeException e) {
      closeArena();
      throw e;
    }
    try {
      this.recording = queue.record(calls.stream().map(this::opCall).toList(), residentShare);
    } catch (RuntimeException e) {
      queue.close();
      closeArena();
      throw e;
    }
  }

  private OpCall opCall(TracedCall call) {
    return new OpCall(call.op(), views(call.operands()), views(call.results()));
  }

  private Map<String, TensorView> views(Map<String, TracedValue> values) {
    Map<String, TensorView> views = new LinkedHashMap<>();
    values.forEach((name, value) -> views.put(name, view(value)));
    return views;
  }

  private List<TensorView> views(List<TracedValue> values) {
    return values.stream().map(this::view).toList();
  }

  private TensorView view(TracedValue value) {
    Storage storage = value.storage();
    return storage.external != null
        ? new TensorView(storage.external, value.byteOffset(), value.dtype(), value.layout())
        : new TensorView(
            arena, storage.place().arenaOffset + value.byteOffset(), value.dtype(), value.layout());
  }

  /** Bytes of device memory that inputs, outputs and intermediate values take. */
  public long arenaBytes() {
    return arenaBytes;
  }

  /** Type and shape of an output. */
  public TensorSpec outputSpec(String name) {
    return find(outputs, name).spec();
  }

  /**
   * Writes an input: its elements, little-endian and contiguous.
   *
   * @throws IllegalArgumentException if there is no such input, or it has another size
   */
  public void write(String name, MemorySegment source) {
    TensorView view = find(inputs, name);
    if (source.byteSize() != byteSize(view)) {
      throw new IllegalArgumentException(
          "program: expected %d bytes for input %s %s, got %d"
              .formatted(view.spec().byteSize(), name, view.spec(), source.byteSize()));
    }
    queue.upload(source, view.buffer(), view.byteOffset());
  }

  private static long byteSize(TensorView view) {
    return view.dtype().byteSize(view.shape().size());
  }

  /** Enqueues the computation. */
  public void run() {
    if (closed) {
      throw new IllegalStateException("program: expected an open program, got a closed one");
    }
    recording.run();
  }

  /**
   * Waits for the computation and reads an output, from its first element on.
   *
   * @throws IllegalArgumentException if there is no such output, or it has fewer bytes
   */
  public void read(String name, MemorySegment target) {
    read(name, 0, target);
  }

  /**
   * Waits for the computation and reads a part of an output.
   *
   * @param byteOffset where the part begins
   * @throws IllegalArgumentException if there is no such output, or it has fewer bytes
   */
  public void read(String name, long byteOffset, MemorySegment target) {
    TensorView view = find(outputs, name);
    long bytes = byteSize(view) - byteOffset;
    if (byteOffset < 0 || target.byteSize() > bytes) {
      throw new IllegalArgumentException(
          "program: expected at most %d bytes of output %s %s, got %d"
              .formatted(bytes, name, view.spec(), target.byteSize()));
    }
    queue.download(view.buffer(), view.byteOffset() + byteOffset, target);
  }

  /** Waits for the computation. */
  public void synchronize() {
    queue.synchronize();
  }

  private static TensorView find(Map<String, TensorView> views, String name) {
    TensorView view = views.get(name);
    if (view == null) {
      throw new IllegalArgumentException(
          "program: expected one of %s, got %s".formatted(views.keySet(), name));
    }
    return view;
  }

  /** Frees the program's memory; idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        recording.close();
        queue.close(); // repeats a failure of the computation, if there was one
      } finally {
        closeArena();
      }
    }
  }

  private void closeArena() {
    if (ownsArena) {
      arena.close();
    }
  }
}
