package dev.wick.engine.tck;

import org.junit.jupiter.api.function.Executable;

/** Assertions whose messages read like the contract. */
final class Checks {
  private Checks() {}

  static void check(boolean holds, Object expected, Object got) {
    if (!holds) {
      throw new AssertionError("expected %s, got %s".formatted(expected, got));
    }
  }

  /** Runs something that has to fail in one way, and returns how it did. */
  static <T extends Throwable> T failure(Class<T> type, String what, Executable action) {
    try {
      action.execute();
    } catch (Throwable thrown) { // whatever it is, it is what the test is about
      if (type.isInstance(thrown)) {
        return type.cast(thrown);
      }
      throw new AssertionError(
          "%s: expected an %s, got %s".formatted(what, type.getSimpleName(), thrown), thrown);
    }
    throw new AssertionError("%s: expected an %s, got none".formatted(what, type.getSimpleName()));
  }
}
