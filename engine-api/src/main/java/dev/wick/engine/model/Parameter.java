package dev.wick.engine.model;

import dev.wick.engine.Tensor;
import java.util.Objects;

/**
 * A named weight of a model, as it lies on the device.
 *
 * @param name as in the checkpoint, for example {@code model.norm.weight}
 */
public record Parameter(String name, Tensor tensor) {
  public Parameter {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(tensor, "tensor");
  }
}
