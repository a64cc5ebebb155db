package dev.wick.tokenizers.jinja;

import java.util.List;

/** Counts the work of one rendering and stops it at the limits. One thread at a time. */
final class Budget {
  private static final int UNITS_PER_STEP = 32;

  private final TemplateLimits limits;
  private long steps;
  private int depth;

  Budget(TemplateLimits limits) {
    this.limits = limits;
  }

  void step() {
    charge(1);
  }

  private void charge(long cost) {
    steps += cost;
    if (steps > limits.maxSteps()) {
      throw PythonError.limit("expected at most %d evaluation steps".formatted(limits.maxSteps()));
    }
  }

  /** Accounts for a text or list of the given length before it is made. */
  void reserve(long length) {
    grow(length, length);
  }

  /** Accounts for an addition to a text or list, before it is made. */
  void grow(long length, long added) {
    if (length > limits.maxLength()) {
      throw PythonError.limit(
          "expected at most %d characters or items, got %d".formatted(limits.maxLength(), length));
    }
    charge(1 + Math.max(0, added) / UNITS_PER_STEP);
  }

  /** Accounts for reading a whole value. */
  void touch(Object value) {
    charge(
        switch (value) {
          case String text -> text.length() / UNITS_PER_STEP;
          case Markup markup -> markup.text().length() / UNITS_PER_STEP;
          case List<?> list -> list.size() / UNITS_PER_STEP;
          default -> 0;
        });
  }

  void enter() {
    if (++depth > limits.maxDepth()) {
      throw PythonError.limit(
          "expected at most %d nested evaluations".formatted(limits.maxDepth()));
    }
  }

  void exit() {
    depth--;
  }
}
