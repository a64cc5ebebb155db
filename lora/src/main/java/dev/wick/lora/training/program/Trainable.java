package dev.wick.lora.training.program;

import dev.wick.engine.tensor.Shape;

/** A tensor that training changes: a name, as in checkpoints, and F32 elements on the host. */
public final class Trainable {
  private final String name;
  private final Shape shape;
  private final float[] values;

  public Trainable(String name, Shape shape, float[] values) {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException(
          "trainable: expected %s elements for %s, got %d".formatted(shape, name, values.length));
    }
    this.name = name;
    this.shape = shape;
    this.values = values;
  }

  public String name() {
    return name;
  }

  public Shape shape() {
    return shape;
  }

  /** The elements themselves, changed in place. */
  public float[] values() {
    return values;
  }
}
