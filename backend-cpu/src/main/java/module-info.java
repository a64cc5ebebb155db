import org.jspecify.annotations.NullMarked;

/**
 * The processor as a device: kernels on the JDK Vector API where its module is resolved ({@code
 * --add-modules jdk.incubator.vector}), scalar ones otherwise, on a team of threads of its own.
 *
 * @provides dev.wick.engine.spi.BackendProvider
 */
@NullMarked
module dev.wick.backend.cpu {
  requires static jdk.incubator.vector;
  requires static org.jspecify;
  requires dev.wick.engine;

  provides dev.wick.engine.spi.BackendProvider with
      dev.wick.backend.cpu.CpuBackendProvider;
}
