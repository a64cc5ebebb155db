package dev.wick.engine.model;

import java.util.Optional;

/**
 * A model that can carry a default adapter, for generations that name none. A generation keeps the
 * adapter that it began with; later ones get the new one. Steps take the adapters that they name,
 * and no other. Thread-safe.
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
