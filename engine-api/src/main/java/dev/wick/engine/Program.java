package dev.wick.engine;

import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A computation that was traced once, with all its memory planned, and runs as often as wanted
 * without allocating. One thread at a time.
 */
public final class Program implements AutoCloseable {
  private final CommandQueue queue;
  private final DeviceBuffer arena;
  private final Recording recording;
  private final Map<String, TensorView> inputs;
  private final Map<String, TensorView> outputs;
  private boolean closed;

  Program(
      Engine engine,
      Map<String, TracedValue> inputs,
      Map<String, TracedValue> outputs,
      List<TracedCall> calls) {
    Set<Storage> storages = new HashSet<>();
    inputs.values().forEach(value -> storages.add(value.storage()));
    outputs.values().forEach(value -> storages.add(value.storage()));
    for (TracedCall call : calls) {
      call.operands().forEach(value -> storages.add(value.storage()));
      call.results().forEach(value -> storages.add(value.storage()));
    }
    storages.removeIf(storage -> storage.external != null);
    this.arena = engine.device().allocate(MemoryPlan.place(storages));
    this.inputs = views(inputs);
    this.outputs = views(outputs);
    this.queue = engine.device().newQueue();
    this.recording =
        queue.record(
            calls.stream()
                .map(call -> new OpCall(call.op(), views(call.operands()), views(call.results())))
                .toList());
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
            arena, storage.arenaOffset + value.byteOffset(), value.dtype(), value.layout());
  }

  /** Bytes of device memory that inputs, outputs and intermediate values take. */
  public long arenaBytes() {
    return arena.byteSize();
  }

  /** Type and shape of an output. */
  public TensorSpec outputSpec(String name) {
    return find(outputs, name).spec();
  }

  /** Writes an input: its elements, little-endian and contiguous. */
  public void write(String name, MemorySegment source) {
    TensorView view = find(inputs, name);
    queue.upload(source, view.buffer(), view.byteOffset());
  }

  /** Enqueues the computation. */
  public void run() {
    if (closed) {
      throw new IllegalStateException("program: expected an open program, got a closed one");
    }
    recording.run();
  }

  /** Waits for the computation and reads an output, from its first element on. */
  public void read(String name, MemorySegment target) {
    TensorView view = find(outputs, name);
    queue.download(view.buffer(), view.byteOffset(), target);
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
      recording.close();
      queue.close();
      arena.close();
    }
  }
}
