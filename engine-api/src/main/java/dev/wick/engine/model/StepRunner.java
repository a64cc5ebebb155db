package dev.wick.engine.model;

import dev.wick.engine.Engine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs the steps of a model: checks a batch, makes room in its leases, and runs the program for its
 * shape, which is traced at its first use. Thread-safe; steps run one after another, in the order
 * of their calls.
 */
public final class StepRunner implements ApplyAdapter, AutoCloseable {
  /** Decoding with many sequences needs many small programs, prompts a few large ones. */
  private static final int PROGRAMS_KEPT = 64;

  private static final long PROGRAM_BYTES_KEPT = 128L << 20;

  private final Engine engine;
  private final ModelInfo info;
  private final KvCache cache;
  private final ForwardPass forward;
  private final AtomicReference<@Nullable Adapter> current = new AtomicReference<>();
  private final AdapterStore adapters;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final LinkedHashMap<StepShape, StepProgram> programs =
      new LinkedHashMap<>(16, 0.75f, true);

  /** A runner for a forward pass, with the default budget for adapters. */
  public StepRunner(Engine engine, ModelInfo info, KvCache cache, ForwardPass forward) {
    this(engine, info, cache, forward, LoadOptions.DEFAULT_ADAPTER_BYTES);
  }

  /**
   * A runner for a forward pass; closing it closes the cache.
   *
   * @param adapterBytes most device memory for the low-rank numbers of adapters
   */
  public StepRunner(
      Engine engine, ModelInfo info, KvCache cache, ForwardPass forward, long adapterBytes) {
    this.engine = engine;
    this.info = info;
    this.cache = cache;
    this.forward = forward;
    this.adapters = new AdapterStore(engine, forward, adapterBytes);
  }

  /** Runs a step, see {@link LanguageModel#step}. */
  public void step(StepBatch batch, StepOutput output) {
    lock.lock();
    try {
      prepare(batch);
      AdapterBatch adapterBatch = adapters.bring(batch);
      AdapterShape adapterShape = AdapterShape.of(adapterBatch, adapters.pool());
      StepProgram program = programFor(StepShape.of(batch, adapterShape));
      program.run(batch, adapterBatch);
      program.read(output, info.vocabSize());
      advance(batch);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Runs a step and returns what the forward pass shows, see {@link LanguageModel#hiddenStates}.
   */
  public Map<String, float[]> hiddenStates(StepBatch batch) {
    lock.lock();
    try {
      prepare(batch);
      AdapterBatch adapterBatch = adapters.bring(batch);
      try (StepProgram program =
          new StepProgram(
              engine,
              StepShape.of(batch, AdapterShape.of(adapterBatch, adapters.pool())),
              cache,
              adapters.pool(),
              forward,
              true)) {
        program.run(batch, adapterBatch);
        Map<String, float[]> values = new LinkedHashMap<>();
        for (String name : program.observed()) {
          values.put(name, program.readObserved(name));
        }
        advance(batch);
        return values;
      }
    } finally {
      lock.unlock();
    }
  }

  private StepProgram programFor(StepShape shape) {
    StepProgram program = programs.get(shape);
    if (program == null) {
      closeUnusable();
      program = new StepProgram(engine, shape, cache, adapters.pool(), forward, false);
      programs.put(shape, program);
      closeSurplus();
    }
    return program;
  }

  /** Closes programs that were traced for adapters that are gone or have moved. */
  private void closeUnusable() {
    Optional<AdapterVariant> surplus = adapters.surplus();
    programs
        .values()
        .removeIf(
            program -> {
              AdapterShape shape = program.shape().adapters();
              boolean unusable =
                  (shape.uses() > 0 && shape.generation() != adapters.pool().generation())
                      || (surplus.isPresent() && shape.variants().contains(surplus.get()));
              if (unusable) {
                program.close();
              }
              return unusable;
            });
    surplus.ifPresent(adapters::drop);
  }

  /** Closes what has not been used for long; never the newest. */
  private void closeSurplus() {
    long bytes = programs.values().stream().mapToLong(StepProgram::arenaBytes).sum();
    while (programs.size() > 1 && (programs.size() > PROGRAMS_KEPT || bytes > PROGRAM_BYTES_KEPT)) {
      StepProgram oldest = programs.pollFirstEntry().getValue();
      bytes -= oldest.arenaBytes();
      oldest.close();
    }
  }

  private void prepare(StepBatch batch) {
    for (int row = 0; row < batch.rows(); row++) {
      if (batch.token(row) < 0 || batch.token(row) >= info.vocabSize()) {
        throw new IllegalArgumentException(
            "step: expected token ids in 0..%d, got %d"
                .formatted(info.vocabSize() - 1, batch.token(row)));
      }
    }
    List<StepBatch.Sequence> sequences = batch.sequences();
    for (int i = 0; i < sequences.size(); i++) {
      StepBatch.Sequence sequence = sequences.get(i);
      if (sequence.lease().pool() != cache.pool()) {
        throw new IllegalArgumentException(
            "step: expected a lease of this model's pool, got one of another model");
      }
      int length = sequence.lease().length() + sequence.rows();
      if (length > info.contextLength()) {
        throw new IllegalArgumentException(
            "step: expected at most %d tokens in a sequence, got %d"
                .formatted(info.contextLength(), length));
      }
    }
    try {
      for (int i = 0; i < sequences.size(); i++) {
        sequences.get(i).lease().reserve(sequences.get(i).rows());
      }
    } catch (KvExhaustedException e) {
      for (StepBatch.Sequence sequence : sequences) {
        sequence.lease().truncate(sequence.lease().length());
      }
      throw e;
    }
  }

  private static void advance(StepBatch batch) {
    List<StepBatch.Sequence> sequences = batch.sequences();
    for (int i = 0; i < sequences.size(); i++) {
      sequences.get(i).lease().advance(sequences.get(i).rows());
    }
  }

  @Override
  public void apply(Adapter adapter) {
    AdapterFit.check(adapter, forward);
    current.set(adapter);
  }

  @Override
  public void remove() {
    current.set(null);
  }

  @Override
  public boolean hasAdapter() {
    return current.get() != null;
  }

  @Override
  public Optional<Adapter> current() {
    return Optional.ofNullable(current.get());
  }

  @Override
  public void close() {
    lock.lock();
    try {
      programs.values().forEach(StepProgram::close);
      programs.clear();
      adapters.close();
      cache.close();
    } finally {
      lock.unlock();
    }
  }
}
