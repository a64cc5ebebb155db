package dev.wick.engine.nd4j;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.tck.BackendConformance;
import dev.wick.engine.tck.Gap;
import java.util.Set;

/** The contract again with ND4J called for every size, as otherwise only large operands do. */
class Nd4jKernelConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new ConfiguredProvider(new Compiler(0, new Products.InPlace()));
  }

  @Override
  protected Set<Gap> declaredGaps() {
    return Nd4jConformanceTest.GAPS;
  }
}
