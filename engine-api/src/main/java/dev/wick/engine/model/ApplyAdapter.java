package dev.wick.engine.model;

import java.util.Optional;

/**
 * A model that can carry a default adapter. Steps that have begun keep the adapter they began with;
 * later ones get the new one. Thread-safe.
 */
public interface ApplyAdapter {
  /**
   * Makes an adapter the default of this model.
   *
   * @throws IllegalArgumentException if it does not fit, naming each tensor with both shapes
   */
  void apply(Adapter adapter);

  /** Takes the default adapter away; nothing happens if there is none. */
  void remove();

  /** Whether there is a default adapter. */
  boolean hasAdapter();

  /** The default adapter. */
  Optional<Adapter> current();
}
