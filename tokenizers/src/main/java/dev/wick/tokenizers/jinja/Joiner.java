package dev.wick.tokenizers.jinja;

import org.jspecify.annotations.Nullable;

/** What {@code joiner(...)} returns: nothing at the first call, the separator afterwards. */
final class Joiner {
  private final Object separator;
  private boolean used;

  Joiner(Object separator) {
    this.separator = separator;
  }

  Object call() {
    if (used) {
      return separator;
    }
    used = true;
    return "";
  }

  @Nullable Object attribute(String name) {
    return switch (name) {
      case "sep" -> separator;
      case "used" -> used;
      default -> null;
    };
  }
}
