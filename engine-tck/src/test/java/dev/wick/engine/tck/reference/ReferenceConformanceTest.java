package dev.wick.engine.tck.reference;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.tck.BackendConformance;

/** The oracle keeps the contract it judges others by. */
class ReferenceConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new ReferenceBackendProvider();
  }
}
