import org.jspecify.annotations.NullMarked;

/**
 * ND4J as a device: matrix products and large elementwise operations by ND4J and its OpenBLAS, the
 * rest by loops over the same memory.
 *
 * <p>ND4J cannot be a module: its descriptors name packages that are not there. It stays on the
 * class path, and this module makes itself read the class path when its provider is loaded. That
 * ND4J is absent, or has no native library for the platform, is the provider's answer to a probe.
 *
 * @provides dev.wick.engine.spi.BackendProvider
 */
@NullMarked
module dev.wick.engine.nd4j {
  requires static org.jspecify;
  requires dev.wick.engine;
  // What ND4J and JavaCPP use, which as code on the class path they cannot require themselves.
  requires java.desktop;
  requires java.logging;
  requires java.management;
  requires java.sql;
  requires jdk.unsupported;

  provides dev.wick.engine.spi.BackendProvider with
      dev.wick.engine.nd4j.Nd4jBackendProvider;
}
