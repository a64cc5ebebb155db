package dev.wick.cli.synthetic;

import dev.wick.engine.model.LoadListener;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.JsonFile;
import dev.wick.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Random checkpoints of real shapes, kept in a cache folder, to measure speed without a download.
 */
public final class SyntheticCheckpoint {
  private static final String CONFIG = "config.json";
  private static final double STANDARD_DEVIATION = 0.02;
  private static final long SEED = 1;

  private SyntheticCheckpoint() {}

  /** Where synthetic checkpoints are kept: below {@code XDG_CACHE_HOME} or {@code ~/.cache}. */
  public static Path cache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path caches =
        xdg == null || xdg.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(xdg);
    return caches.resolve("wick").resolve("synthetic");
  }

  /**
   * The folder of a checkpoint, which is written if it is not there.
   *
   * @param cache folder under which synthetic checkpoints are kept
   * @param listener told how far writing has come
   * @throws IOException if it cannot be written
   */
  public static Path folder(Path cache, SyntheticShape shape, DType dtype, LoadListener listener)
      throws IOException {
    Path folder = cache.resolve(shape.label() + "-" + dtype.name().toLowerCase(Locale.ROOT));
    if (Files.exists(folder.resolve(CONFIG))) {
      return folder;
    }
    Files.createDirectories(folder);
    write(folder, shape.tensors(), shape.config(dtype), dtype, listener);
    return folder;
  }

  static void write(
      Path folder,
      Map<String, long[]> tensors,
      Map<String, Object> config,
      DType dtype,
      LoadListener listener)
      throws IOException {
    long total = 0;
    for (long[] extents : tensors.values()) {
      total += TensorSpec.of(dtype, extents).byteSize();
    }
    RandomWeights weights =
        new RandomWeights(dtype, STANDARD_DEVIATION, SEED, progress(listener, total));
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    tensors.forEach(
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
    JsonFile.write(folder.resolve(CONFIG), config);
  }

  private static LongConsumer progress(LoadListener listener, long total) {
    return new LongConsumer() {
      private long done;

      @Override
      public void accept(long bytes) {
        done += bytes;
        listener.onProgress(done, total);
      }
    };
  }
}
