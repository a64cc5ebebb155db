package dev.wick.engine.model;

import java.util.Map;

/**
 * A checkpoint that a {@link ModelProvider} can build a model from: its configuration and its
 * weights.
 */
public interface ModelSource extends AutoCloseable {
  /** Where it was read from, for messages. */
  String location();

  /** The {@code model_type} of the configuration, for example {@code qwen3}. */
  String modelType();

  /**
   * The Hugging Face {@code config.json} as nested {@code Map}, {@code List}, {@code String},
   * {@code Number} and {@code Boolean}; JSON null is an absent key.
   */
  Map<String, Object> config();

  /** The {@code generation_config.json} in the same form; empty if there is none. */
  default Map<String, Object> generationConfig() {
    return Map.of();
  }

  /** The tensors; valid until this source is closed. */
  WeightSource weights();

  @Override
  void close();
}
