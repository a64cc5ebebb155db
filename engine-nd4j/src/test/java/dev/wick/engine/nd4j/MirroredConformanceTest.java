package dev.wick.engine.nd4j;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.tck.BackendConformance;
import dev.wick.engine.tck.Gap;
import java.util.Set;

/** The contract as with CUDA, where ND4J multiplies copies, but on ND4J's CPU backend. */
class MirroredConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new ConfiguredProvider(new Compiler(0, new MirroredProducts()));
  }

  @Override
  protected Set<Gap> declaredGaps() {
    return Nd4jConformanceTest.GAPS;
  }
}
