package dev.wick.engine.model;

import java.util.Objects;

/** An adapter and how much of it is added; 1 for all. */
public record AdapterUse(Adapter adapter, float weight) {
  public AdapterUse {
    Objects.requireNonNull(adapter, "adapter");
    if (!Float.isFinite(weight)) {
      throw new IllegalArgumentException(
          "adapter %s: expected a finite weight, got %s".formatted(adapter.name(), weight));
    }
  }
}
