package dev.wick.engine.tck;

import dev.wick.engine.spi.BackendProvider;

/** The kit asks nothing of a backend that an asynchronous one could not do. */
class AsynchronousConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return DelegatingDevice.provider(AsynchronousDevice::new);
  }
}
