package dev.wick.lora.training.checkpoint;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import dev.wick.formats.safetensors.SafetensorsWriter;
import dev.wick.lora.training.optim.AdamW;
import dev.wick.lora.training.program.Trainable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The state of an optimiser as a file of tensors, under the names that torch has for them. */
public final class OptimizerFile {
  public static final String FILE_NAME = "optimizer.safetensors";
  private static final String MEAN = "exp_avg.";
  private static final String SQUARE = "exp_avg_sq.";

  private OptimizerFile() {}

  public static void write(Path file, AdamW optimizer, List<Trainable> tensors) throws IOException {
    SafetensorsWriter writer =
        new SafetensorsWriter().metadata("step", Long.toString(optimizer.steps()));
    for (int i = 0; i < tensors.size(); i++) {
      Trainable tensor = tensors.get(i);
      long[] extents = tensor.shape().toArray();
      writer.add(MEAN + tensor.name(), optimizer.means().get(i), extents);
      writer.add(SQUARE + tensor.name(), optimizer.squares().get(i), extents);
    }
    writer.write(file);
  }

  public static void read(Path file, AdamW optimizer, List<Trainable> tensors) throws IOException {
    try (MappedFile<?> source = SafetensorsFile.open(file)) {
      for (int i = 0; i < tensors.size(); i++) {
        read(source, file, MEAN, tensors.get(i), optimizer.means().get(i));
        read(source, file, SQUARE, tensors.get(i), optimizer.squares().get(i));
      }
    }
  }

  private static void read(
      MappedFile<?> source, Path file, String prefix, Trainable tensor, float[] target)
      throws IOException {
    copy(source, file, prefix + tensor.name(), new TensorSpec(DType.F32, tensor.shape()), target);
  }

  /** Copies a tensor of a file, which has to have a spec. */
  public static void copy(
      MappedFile<?> source, Path file, String name, TensorSpec spec, float[] target)
      throws IOException {
    TensorSpec found =
        source
            .find(name)
            .orElseThrow(() -> new FormatException(file, "expected a tensor %s".formatted(name)));
    if (!found.equals(spec)) {
      throw new FormatException(file, "%s: expected %s, got %s".formatted(name, spec, found));
    }
    float[] values = new HostTensor(found, source.data(name)).toFloatArray();
    System.arraycopy(values, 0, target, 0, target.length);
  }
}
