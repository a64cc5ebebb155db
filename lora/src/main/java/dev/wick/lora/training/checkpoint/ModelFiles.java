package dev.wick.lora.training.checkpoint;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.JsonFile;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import dev.wick.formats.safetensors.SafetensorsWriter;
import dev.wick.lora.tensor.FloatEncoder;
import dev.wick.lora.training.program.Trainable;
import dev.wick.lora.training.program.TrainableSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Trained models as Hugging Face folders: F32 in checkpoints, BF16 as the result. */
public final class ModelFiles implements ParameterFiles {
  private static final String WEIGHTS = "model.safetensors";
  private static final String CONFIG = "config.json";

  /** What stands beside the weights and goes along with them. */
  private static final List<String> COMPANIONS =
      List.of(
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "chat_template.jinja");

  private final Path source;
  private final TrainableSet set;

  /**
   * The files of a model.
   *
   * @param source folder that it was loaded from, whose configuration and tokenizer are copied
   */
  public ModelFiles(Path source, TrainableSet set) {
    this.source = source;
    this.set = set;
  }

  @Override
  public void write(Path folder) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (Trainable tensor : set.tensors()) {
      writer.add(tensor.name(), tensor.values(), tensor.shape().toArray());
    }
    writer.write(folder.resolve(WEIGHTS));
  }

  @Override
  public void restore(Path folder) throws IOException {
    Path file = folder.resolve(WEIGHTS);
    try (MappedFile<?> weights = SafetensorsFile.open(file)) {
      for (Trainable tensor : set.tensors()) {
        TensorSpec spec = new TensorSpec(DType.F32, tensor.shape());
        OptimizerFile.copy(weights, file, tensor.name(), spec, tensor.values());
      }
    }
  }

  @Override
  public void writeResult(Path folder) throws IOException {
    Files.createDirectories(folder);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (Trainable tensor : set.tensors()) {
      TensorSpec spec = new TensorSpec(DType.BF16, tensor.shape());
      writer.add(
          tensor.name(), spec, channel -> FloatEncoder.write(channel, DType.BF16, tensor.values()));
    }
    writer.write(folder.resolve(WEIGHTS));
    for (String name : COMPANIONS) {
      Path file = source.resolve(name);
      if (Files.exists(file)) {
        Files.copy(file, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Map<String, Object> config = new LinkedHashMap<>(JsonFile.readObject(source.resolve(CONFIG)));
    config.remove("torch_dtype");
    config.put("dtype", "bfloat16");
    JsonFile.write(folder.resolve(CONFIG), config);
  }
}
