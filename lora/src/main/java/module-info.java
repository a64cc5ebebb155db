import org.jspecify.annotations.NullMarked;

/**
 * Adapters (LoRA and its relatives): read and written as PEFT does, kept in versions, exchanged
 * while requests run, merged, combined and exported, trained, and trained further while they serve.
 *
 * <p>This module knows weights by name and shape, never a model. {@code dev.wick.lora} keeps
 * adapters; {@code .peft} has the adapter itself and its files, {@code .merge} what is made of
 * adapters and weights, {@code .training} makes them, and {@code .learning} does so in the
 * background.
 */
@NullMarked
module dev.wick.lora {
  requires static transitive org.jspecify;
  requires transitive dev.wick.engine;
  requires transitive dev.wick.formats;
  requires com.fasterxml.jackson.core;

  exports dev.wick.lora;
  exports dev.wick.lora.learning;
  exports dev.wick.lora.merge;
  exports dev.wick.lora.peft;
  exports dev.wick.lora.training;
  exports dev.wick.lora.training.data;
  exports dev.wick.lora.training.optim;
}
