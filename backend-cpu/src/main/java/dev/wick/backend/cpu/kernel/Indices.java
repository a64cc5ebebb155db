package dev.wick.backend.cpu.kernel;

/** Checks of index operands, whose values are known only when a kernel runs. */
final class Indices {
  private Indices() {}

  /**
   * Checks an index into something of this extent.
   *
   * @throws IllegalArgumentException if it lies outside
   */
  static void check(String op, String what, int index, long extent) {
    if (index < 0 || index >= extent) {
      throw new IllegalArgumentException(
          "%s: expected %s in 0..%d, got %d".formatted(op, what, extent - 1, index));
    }
  }
}
