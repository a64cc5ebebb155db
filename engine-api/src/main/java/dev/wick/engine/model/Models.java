package dev.wick.engine.model;

import dev.wick.engine.Engine;
import java.io.IOException;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;

/** Loads models through the {@link ModelProvider} services. */
public final class Models {
  private Models() {}

  /** Loads a model with default options. */
  public static LanguageModel load(ModelSource source, Engine engine) throws IOException {
    return load(source, engine, LoadOptions.DEFAULT);
  }

  /**
   * Loads a model. The source must stay open as long as the model.
   *
   * @throws IOException if no provider knows its type, or its files do not make a model
   */
  public static LanguageModel load(ModelSource source, Engine engine, LoadOptions options)
      throws IOException {
    Set<String> known = new TreeSet<>();
    Optional<ModelProvider> found = Optional.empty();
    for (ModelProvider provider : ServiceLoader.load(ModelProvider.class)) {
      known.addAll(provider.modelTypes());
      if (provider.modelTypes().contains(source.modelType())) {
        found = Optional.of(provider);
      }
    }
    if (found.isEmpty()) {
      throw new IOException(
          "%s: expected a model_type in %s, got '%s'; add a module that provides it"
              .formatted(source.location(), known, source.modelType()));
    }
    engine.warmUp();
    return found.get().load(source, engine, options);
  }
}
