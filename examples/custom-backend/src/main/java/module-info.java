import org.jspecify.annotations.NullMarked;

/**
 * A backend written by somebody else: it requires the engine, provides one service and exports
 * nothing. Whoever puts it on the path can open {@code profile:cpu:0}, a device that computes on
 * another one and measures it.
 *
 * @provides dev.wick.engine.spi.BackendProvider
 * @uses dev.wick.engine.spi.BackendProvider
 */
@NullMarked
module dev.wick.examples.backend {
  requires static org.jspecify;
  requires dev.wick.engine;

  uses dev.wick.engine.spi.BackendProvider;

  provides dev.wick.engine.spi.BackendProvider with
      dev.wick.examples.backend.ProfileBackendProvider;
}
