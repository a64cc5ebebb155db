package dev.wick.backend.cpu.kernel;

/** In which precision activations are multiplied with weights. */
final class Activations {
  /** System property: {@code f32}, which is usual, or {@code bf16}. */
  static final String PROPERTY = "wick.cpu.activations";

  private Activations() {}

  /**
   * Whether activations may be rounded to BF16 where the weights have no more either.
   *
   * @throws IllegalArgumentException if the property has another value
   */
  static boolean mayRound() {
    String value = System.getProperty(PROPERTY, "f32");
    return switch (value) {
      case "f32" -> false;
      case "bf16" -> true;
      default ->
          throw new IllegalArgumentException(
              "%s: expected f32 or bf16, got %s".formatted(PROPERTY, value));
    };
  }
}
