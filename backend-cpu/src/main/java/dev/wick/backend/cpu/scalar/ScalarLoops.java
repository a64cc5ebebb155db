package dev.wick.backend.cpu.scalar;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.engine.tensor.DType;
import java.util.Map;
import java.util.Optional;

/** The inner loops in plain Java, for a JVM without the Vector API. */
public final class ScalarLoops {
  private ScalarLoops() {}

  /** The loops. */
  public static InnerLoops create() {
    return create("scalar; add --add-modules jdk.incubator.vector for vectors", 32);
  }

  /**
   * The loops in place of others.
   *
   * @param reason why it is they, for the device's description
   * @param vectorBits width of the vectors that the JVM allows
   */
  public static InnerLoops create(String reason, int vectorBits) {
    return new InnerLoops(
        reason,
        vectorBits,
        new ScalarDot(DType.F32),
        new ScalarDot(DType.BF16),
        new ScalarDot(DType.F16),
        Optional.empty(),
        new ScalarBlockRows(),
        Optional.empty(),
        Map.of(),
        new ScalarGemmTile(),
        new ScalarRowMath());
  }
}
