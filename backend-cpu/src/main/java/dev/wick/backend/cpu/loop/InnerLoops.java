package dev.wick.backend.cpu.loop;

import dev.wick.engine.tensor.DType;
import java.util.Map;
import java.util.Optional;

/**
 * The innermost loops of every kernel, in one of two forms: with the Vector API, or scalar where
 * its module is absent or it would be no faster.
 *
 * @param description what they run on, for the device's description
 * @param vectorBits width of a vector, 32 for the scalar form where the Vector API is off
 * @param pairs products of BF16 rows with vectors that are rounded to BF16, where they are faster
 *     than with F32
 * @param tiles products with weights in tiles, where they are faster than with rows
 * @param int8Tiles products with weights in tiles of activations that are rounded to eight bits, by
 *     the type of the weights
 */
public record InnerLoops(
    String description,
    int vectorBits,
    RowDot f32,
    RowDot bf16,
    RowDot f16,
    Optional<RowDot> pairs,
    BlockRows blocks,
    Optional<FloatTileDot> tiles,
    Map<DType, TileDot> int8Tiles,
    GemmTile tile,
    RowMath rows) {
  /**
   * The dot products for matrices of a type.
   *
   * @throws IllegalArgumentException if the type is not F32, BF16, F16 or quantised
   */
  public RowDot dot(DType dtype) {
    return switch (dtype) {
      case F32 -> f32;
      case BF16 -> bf16;
      case F16 -> f16;
      default -> {
        if (!dtype.isQuantized()) {
          throw new IllegalArgumentException(
              "mat_mul: expected F32, BF16, F16 or a quantised type, got " + dtype);
        }
        yield blocks.dot(dtype, f32);
      }
    };
  }
}
