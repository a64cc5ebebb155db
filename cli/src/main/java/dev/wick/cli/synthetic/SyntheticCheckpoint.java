package dev.wick.cli.synthetic;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Random checkpoints of real shapes, kept in a cache folder, to measure speed without a download. */
public final class SyntheticCheckpoint {
  private static final double STANDARD_DEVIATION = 0.02;
  private static final long SEED = 1;

  private SyntheticCheckpoint() {}

  /**
   * The folder of a checkpoint, which is written if it is not there.
   *
   * @param cache folder under which synthetic checkpoints are kept
   * @throws IOException if it cannot be written
   */
  public static Path folder(Path cache, SyntheticShape shape, DType dtype) throws IOException {
    Path folder = cache.resolve(shape.label() + "-" + dtype.name().toLowerCase(Locale.ROOT));
    Path config = folder.resolve("config.json");
    if (Files.exists(config)) {
      return folder;
    }
    Files.createDirectories(folder);
    RandomWeights weights = new RandomWeights(dtype, STANDARD_DEVIATION, SEED);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    shape
        .tensors()
        .forEach(
            (name, extents) -> {
              TensorSpec spec = TensorSpec.of(dtype, extents);
              long elements = spec.shape().size();
              writer.add(
                  name,
                  spec,
                  channel -> {
                    if (name.endsWith("norm.weight")) {
                      weights.writeOnes(channel, elements);
                    } else {
                      weights.writeNormal(channel, elements);
                    }
                  });
            });
    writer.write(folder.resolve("model.safetensors"));
    // Last, since its presence says that the checkpoint is complete.
    writeJson(config, shape.config(dtype));
    return folder;
  }

  private static void writeJson(Path file, Map<String, Object> values) throws IOException {
    try (JsonGenerator json =
        new JsonFactory().createGenerator(Files.newBufferedWriter(file))) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      for (Map.Entry<String, Object> entry : values.entrySet()) {
        json.writePOJOField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
    }
  }
}
