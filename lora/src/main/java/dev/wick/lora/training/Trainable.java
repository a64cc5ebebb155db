package dev.wick.lora.training;

import dev.wick.engine.tensor.Shape;

/**
 * A tensor that training changes.
 *
 * @param name as in checkpoints
 * @param values the F32 elements, changed in place
 */
record Trainable(String name, Shape shape, float[] values) {
  Trainable {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException(
          "trainable: expected %s elements for %s, got %d".formatted(shape, name, values.length));
    }
  }
}
