package dev.wick.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An adapter of the reference data.
 *
 * @param name its name in the manifest
 * @param folder as PEFT saved it, with the expected values beside
 * @param base the model it is for
 */
record GoldenAdapter(String name, Path folder, GoldenModel base) {
  /** All adapters of the manifest with expected values of their own. */
  static List<GoldenAdapter> all() {
    List<GoldenAdapter> found = new ArrayList<>();
    for (var entry : manifest().get("adapters").properties()) {
      JsonNode golden = entry.getValue();
      found.add(
          new GoldenAdapter(
              entry.getKey(),
              Goldens.folder().resolve("lora").resolve(golden.get("adapter").asText()),
              model(golden.get("base").asText())));
    }
    return found;
  }

  static JsonNode manifest() {
    return Goldens.json(Goldens.folder().resolve("lora/manifest.json"));
  }

  /** The model in a folder relative to the goldens. */
  static GoldenModel model(String path) {
    Path folder = Goldens.folder().resolve(path);
    return GoldenModel.all().stream()
        .filter(model -> model.folder().equals(folder))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("goldens: no model " + path));
  }

  GoldenTensors expected() {
    return GoldenTensors.open(folder.resolve("expected.safetensors"));
  }

  PeftAdapter open(Checkpoint checkpoint) throws IOException {
    return PeftAdapter.open(
        name, folder, new BaseWeights(checkpoint.location(), checkpoint.weights()));
  }
}
