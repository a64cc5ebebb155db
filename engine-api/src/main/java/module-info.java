import org.jspecify.annotations.NullMarked;

/**
 * Tensors, operations, the backend SPI, the engine, automatic differentiation and the contracts of
 * models and adapters.
 *
 * <p>The packages form a chain, each importing only what stands to its left: {@code tensor}, {@code
 * op}, {@code spi}, {@code engine}, then {@code autodiff} and {@code model}.
 *
 * @uses dev.wick.engine.spi.BackendProvider
 * @uses dev.wick.engine.model.ModelProvider
 */
@NullMarked
module dev.wick.engine {
  requires static transitive org.jspecify;

  exports dev.wick.engine;
  exports dev.wick.engine.autodiff;
  exports dev.wick.engine.model;
  exports dev.wick.engine.op;
  exports dev.wick.engine.spi;
  exports dev.wick.engine.tensor;

  uses dev.wick.engine.spi.BackendProvider;
  uses dev.wick.engine.model.ModelProvider;
}
