package dev.wick.backend.cpu.loop;

import dev.wick.backend.cpu.scalar.ScalarLoops;
import dev.wick.backend.cpu.vector.VectorLoops;
import dev.wick.engine.tensor.DType;
import java.util.Optional;

/**
 * The innermost loops of every kernel, in one of two forms: with the Vector API, or scalar where
 * its module is absent.
 *
 * @param description what they run on, for the device's description
 * @param vectorBits width of a vector, 32 for the scalar form
 */
public record InnerLoops(
    String description,
    int vectorBits,
    RowDot f32,
    RowDot bf16,
    RowDot f16,
    GemmTile tile,
    RowMath rows) {
  /** System property that switches the Vector API off when {@code false}. */
  public static final String VECTOR_PROPERTY = "wick.cpu.vector";

  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  /** The fastest form that this JVM can run. */
  public static InnerLoops choose() {
    boolean wanted = Boolean.parseBoolean(System.getProperty(VECTOR_PROPERTY, "true"));
    return wanted && hasVectorModule() ? VectorLoops.create() : ScalarLoops.create();
  }

  // The class VectorLoops is not touched unless this is true: its module is an optional one.
  private static boolean hasVectorModule() {
    Optional<Module> module = ModuleLayer.boot().findModule(VECTOR_MODULE);
    return module.isPresent() && InnerLoops.class.getModule().canRead(module.get());
  }

  /**
   * The dot products for matrices of a type.
   *
   * @throws IllegalArgumentException if the type is not F32, BF16 or F16
   */
  public RowDot dot(DType dtype) {
    return switch (dtype) {
      case F32 -> f32;
      case BF16 -> bf16;
      case F16 -> f16;
      default ->
          throw new IllegalArgumentException("mat_mul: expected F32, BF16 or F16, got " + dtype);
    };
  }
}
