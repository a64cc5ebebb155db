package dev.wick.lora.peft;

import dev.wick.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes an adapter's folder. */
final class PeftWriter {
  static final String WEIGHTS_NAME = "adapter_model.safetensors";

  private PeftWriter() {}

  static void write(PeftAdapter adapter, Path folder) throws IOException {
    Files.createDirectories(folder);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    adapter.tensors().forEach((name, tensor) -> writer.add(name, tensor.spec(), tensor.data()));
    writer.write(folder.resolve(WEIGHTS_NAME));
    adapter.config().write(folder.resolve(PeftConfig.FILE_NAME));
  }
}
