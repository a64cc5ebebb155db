package dev.wick.engine.autodiff;

import dev.wick.engine.tensor.Layout;

/** How a view comes from what it is a view of. */
sealed interface Movement {
  /** The same elements in the same order under another shape. */
  record Reshape() implements Movement {}

  /** Two axes exchanged. */
  record Transpose(int a, int b) implements Movement {}

  /** A range along an axis. */
  record Slice(int axis, long from, long to) implements Movement {}

  /** The same elements again and again. */
  record Broadcast() implements Movement {}

  /**
   * Any strides over a contiguous value.
   *
   * @param offset elements from the value's first to the view's first
   */
  record Strided(Layout layout, long offset) implements Movement {
    static Strided of(Layout source, Layout view, long offset) {
      if (!source.isContiguous()) {
        throw new IllegalArgumentException(
            "view: expected a contiguous value on a tape, got %s; use reshape, transpose, slice"
                    .formatted(source)
                + " or broadcast, or make it contiguous first");
      }
      return new Strided(view, offset);
    }
  }
}
