package dev.wick.engine.nd4j;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.tck.BackendConformance;
import dev.wick.engine.tck.Gap;
import dev.wick.engine.tensor.DType;
import java.util.Set;

class Nd4jConformanceTest extends BackendConformance {
  /** ND4J multiplies these with sums in the narrow type. */
  static final Set<Gap> GAPS =
      Set.of(
          Gap.dtype(DType.BF16).on("mat_mul"),
          Gap.dtype(DType.F16).on("mat_mul"),
          Gap.dtype(DType.BF16).on("expert_mat_mul"),
          Gap.dtype(DType.F16).on("expert_mat_mul"));

  @Override
  protected BackendProvider provider() {
    return new Nd4jBackendProvider();
  }

  @Override
  protected Set<Gap> declaredGaps() {
    return GAPS;
  }
}
