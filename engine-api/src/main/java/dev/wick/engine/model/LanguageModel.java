package dev.wick.engine.model;

import dev.wick.engine.Engine;
import java.util.Map;

/**
 * A causal language model on a device: immutable, shared by threads. What a conversation remembers
 * lies in the leases of its {@link KvPool}, never in the model.
 */
public interface LanguageModel extends ApplyAdapter, AutoCloseable {
  /** What it is. */
  ModelInfo info();

  /** The device that it computes on. */
  Engine engine();

  /** Its computation, for those who compute with it otherwise than by steps: training, export. */
  ForwardPass forwardPass();

  /** The pool from which sequences lease their share of the key-value cache. */
  KvPool kvPool();

  /**
   * Runs one ragged step: appends each sequence's tokens to its lease and computes the logits of
   * the rows that ask for them. Thread-safe; concurrent steps run one after another.
   *
   * @param output where the logits go, overwriting what it held
   * @throws KvExhaustedException if the pool has too few free blocks; no lease is changed then
   * @throws IllegalArgumentException if a token is not in the vocabulary or a sequence would exceed
   *     the context length
   */
  void step(StepBatch batch, StepOutput output);

  /**
   * Runs one step and returns what the model shows of its inside, in F32: {@code embed} and {@code
   * layer.N} and {@code final_norm}, each [tokens, hidden]. Slow; for inspection.
   */
  Map<String, float[]> hiddenStates(StepBatch batch);

  /** Frees the device memory. Leases become useless. */
  @Override
  void close();
}
