package dev.wick.streaming.sampling;

/** Range checks with one message format. */
final class Arguments {
  private Arguments() {}

  static void require(boolean valid, String name, String expected, Object actual) {
    if (!valid) {
      throw new IllegalArgumentException(
          "%s: expected %s, got %s".formatted(name, expected, actual));
    }
  }

  static void requireMinTokensToKeep(int minTokensToKeep) {
    require(minTokensToKeep >= 1, "min_tokens_to_keep", "at least 1", minTokensToKeep);
  }

  static void requireFraction(String name, double value) {
    require(value >= 0 && value <= 1, name, "a number from 0 to 1", value);
  }
}
