package dev.wick.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.ModelProvider;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * A model of the reference data with its expected values.
 *
 * @param name name of its folder
 * @param folder the checkpoint
 * @param tensors expected values, relative to the goldens
 */
record GoldenModel(String name, Path folder, Path tensors) {
  /** Room for the batches of the reference data, far below what the models were made for. */
  private static final int KV_TOKENS = 2048;

  /** All models of the manifest. */
  static List<GoldenModel> all() {
    Path goldens = Goldens.folder();
    JsonNode models = Goldens.json(goldens.resolve("models/manifest.json")).get("models");
    Map<String, GoldenModel> found = new TreeMap<>();
    models
        .properties()
        .forEach(
            entry ->
                found.put(
                    entry.getKey(),
                    new GoldenModel(
                        entry.getKey(),
                        goldens.resolve("models").resolve(entry.getKey()),
                        goldens.resolve(entry.getValue().get("expected").asText()))));
    return new ArrayList<>(found.values());
  }

  String modelType() {
    return Goldens.json(folder.resolve("config.json")).get("model_type").asText();
  }

  /** Whether a module on the path provides this architecture. */
  boolean isSupported() {
    return ServiceLoader.load(ModelProvider.class).stream()
        .anyMatch(provider -> provider.get().modelTypes().contains(modelType()));
  }

  GoldenTensors expected() {
    return GoldenTensors.open(tensors);
  }

  /** Margins, stopping and penalised generation. */
  JsonNode facts() {
    String file = tensors.getFileName().toString().replace(".safetensors", ".json");
    return Goldens.json(tensors.resolveSibling(file));
  }

  /** Prompts with expected logits: {@code p0}, {@code p1} and so on. */
  List<String> prompts() {
    try (GoldenTensors expected = expected()) {
      return expected.names().stream()
          .filter(tensor -> tensor.endsWith(".input_ids") && !tensor.startsWith("batch."))
          .map(tensor -> tensor.substring(0, tensor.indexOf('.')))
          .sorted()
          .toList();
    }
  }

  Loaded load(Engine engine) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(folder);
    try {
      LoadOptions options = LoadOptions.DEFAULT.withKvTokens(KV_TOKENS);
      return new Loaded(checkpoint, Models.load(checkpoint, engine, options));
    } catch (IOException | RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /** A loaded model and the files it computes on. */
  record Loaded(Checkpoint checkpoint, LanguageModel model) implements AutoCloseable {
    @Override
    public void close() {
      model.close();
      checkpoint.close();
    }
  }
}
