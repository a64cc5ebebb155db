package dev.wick.parity;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The engines and models of a test, opened when first asked for and kept until it ends. */
final class LoadedModels implements AutoCloseable {
  private final Map<String, GoldenModel.Loaded> models = new LinkedHashMap<>();
  private final Map<String, Engine> engines = new LinkedHashMap<>();

  LanguageModel get(String device, GoldenModel golden) throws IOException {
    Engine engine = engines.computeIfAbsent(device, Engine::open);
    String key = device + " " + golden.name();
    GoldenModel.Loaded loaded = models.get(key);
    if (loaded == null) {
      loaded = golden.load(engine);
      models.put(key, loaded);
    }
    return loaded.model();
  }

  @Override
  public void close() {
    models.values().forEach(GoldenModel.Loaded::close);
    engines.values().forEach(Engine::close);
  }
}
