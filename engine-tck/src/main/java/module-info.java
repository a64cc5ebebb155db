import org.jspecify.annotations.NullMarked;

/**
 * The conformance kit for backends, and a scalar reference backend that is its oracle.
 *
 * <p>A backend proves itself by a test class that extends {@link
 * dev.wick.engine.tck.BackendConformance}. The reference backend is also a device of last resort,
 * {@code reference:0}: plain Java, every primitive operation, sums in F64.
 *
 * @provides dev.wick.engine.spi.BackendProvider
 */
@NullMarked
module dev.wick.engine.tck {
  requires static transitive org.jspecify;
  requires transitive dev.wick.engine;
  requires transitive org.junit.jupiter.api;

  exports dev.wick.engine.tck;

  provides dev.wick.engine.spi.BackendProvider with
      dev.wick.engine.tck.reference.ReferenceBackendProvider;
}
