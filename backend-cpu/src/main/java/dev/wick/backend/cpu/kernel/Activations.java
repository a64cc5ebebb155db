package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.engine.tensor.DType;
import java.util.Optional;

/** In which precision activations are multiplied with weights. */
public enum Activations {
  /** As they are, always. */
  F32,
  /** Rounded to BF16, by products with weights that have no more either. */
  BF16,
  /** As {@link #BF16}, and rounded to eight bits by products with weights that have no more. */
  INT8;

  /** System property: the name of one of these in lower case. */
  public static final String PROPERTY = "wick.cpu.activations";

  /**
   * What is wanted.
   *
   * @throws IllegalArgumentException if the property has another value
   */
  public static Activations wanted() {
    String value = System.getProperty(PROPERTY, "f32");
    return switch (value) {
      case "f32" -> F32;
      case "bf16" -> BF16;
      case "int8" -> INT8;
      default ->
          throw new IllegalArgumentException(
              "%s: expected f32, bf16 or int8, got %s".formatted(PROPERTY, value));
    };
  }

  /** Whether activations may be rounded to BF16 where the weights have no more either. */
  boolean mayRound() {
    return this != F32;
  }

  /** Products of a few rows, rounded or not, with rows of {@code n} elements of a type. */
  RowDot dot(InnerLoops loops, DType weight, int n) {
    return mayRound() && weight == DType.BF16
        ? loops.pairs().filter(pairs -> pairs.takes(n)).orElse(loops.bf16())
        : loops.dot(weight);
  }

  /** Products of rounded activations with tiles of a type, where there are such. */
  Optional<TileDot> int8Tiles(InnerLoops loops, DType weight) {
    return this == INT8 ? Optional.ofNullable(loops.int8Tiles().get(weight)) : Optional.empty();
  }
}
