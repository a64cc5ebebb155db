package dev.wick.backend.cpu;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.tck.BackendConformance;

class CpuConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new CpuBackendProvider();
  }
}
