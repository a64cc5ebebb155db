package dev.wick.tokenizers.jinja;

/**
 * Bounds on one rendering.
 *
 * @param maxSteps evaluation steps; one expression or statement is one step, long texts and lists
 *     cost more
 * @param maxLength characters of any one text, the output included, and items of any one list
 * @param maxDepth nested evaluations, which bounds the use of the thread's stack
 */
public record TemplateLimits(long maxSteps, int maxLength, int maxDepth) {
  /** Twenty million steps, 16 Mi characters, 700 nested evaluations. */
  public static final TemplateLimits DEFAULT = new TemplateLimits(20_000_000L, 1 << 24, 700);

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if one is not positive
   */
  public TemplateLimits {
    if (maxSteps < 1 || maxLength < 1 || maxDepth < 1) {
      throw new IllegalArgumentException(
          "template limits: expected positive bounds, got steps %d, length %d, depth %d"
              .formatted(maxSteps, maxLength, maxDepth));
    }
  }
}
