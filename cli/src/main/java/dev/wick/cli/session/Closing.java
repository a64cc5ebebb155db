package dev.wick.cli.session;

import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Closes several resources of which each must be closed whatever happens to the others. */
final class Closing {
  private Closing() {}

  /** Closes and removes all, in order; the first failure is thrown at the end. */
  static void all(Deque<AutoCloseable> resources) {
    @Nullable IllegalStateException failure = null;
    while (!resources.isEmpty()) {
      try {
        resources.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("close: " + e.getMessage(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Closes and removes all because of a failure, to which further ones are added. */
  static void after(Exception failure, Deque<AutoCloseable> resources) {
    try {
      all(resources);
    } catch (IllegalStateException e) {
      failure.addSuppressed(e);
    }
  }
}
