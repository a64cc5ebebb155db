package dev.wick.engine.model;

import dev.wick.engine.Engine;
import java.io.IOException;
import java.util.Set;

/** The service by which a module offers a family of models. */
public interface ModelProvider {
  /** The {@code model_type} values that {@link #load} understands. */
  Set<String> modelTypes();

  /**
   * Builds a model on a device. The source must stay open as long as the model, which computes on
   * its memory; closing the model does not close it.
   *
   * @throws IOException if the configuration or the weights do not make a model; the message names
   *     the file, the key or tensor, and what was expected
   */
  LanguageModel load(ModelSource source, Engine engine, LoadOptions options) throws IOException;
}
