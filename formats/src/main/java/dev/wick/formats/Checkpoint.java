package dev.wick.formats;

import dev.wick.engine.model.ModelSource;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.gguf.GgufFile;
import dev.wick.formats.gguf.GgufMetadata;
import dev.wick.formats.internal.FileInput;
import dev.wick.formats.internal.FileKind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A model on disk: a folder as Hugging Face publishes it ({@code config.json}, {@code
 * generation_config.json} if there is one, and safetensors weights, single or sharded), or a GGUF
 * file, whose metadata say the same.
 *
 * <p>Thread-safe. The container is checked here; what the configuration means is the business of
 * the model that is built from it.
 */
public final class Checkpoint implements ModelSource {
  private static final String CONFIG_FILE = "config.json";
  private static final String GENERATION_CONFIG_FILE = "generation_config.json";
  private static final String MODEL_TYPE = "model_type";

  private final Path path;
  private final String modelType;
  private final Map<String, Object> config;
  private final Map<String, Object> generationConfig;
  private final CheckpointWeights weights;

  private Checkpoint(
      Path path,
      String modelType,
      Map<String, Object> config,
      Map<String, Object> generationConfig,
      CheckpointWeights weights) {
    this.path = path;
    this.modelType = modelType;
    this.config = config;
    this.generationConfig = generationConfig;
    this.weights = weights;
  }

  /**
   * Opens a folder or a GGUF file: reads its configuration and the headers of its weights, and maps
   * the weights. Of a split GGUF model any part is given.
   *
   * @throws FormatException if a file breaks a rule of its format, or the configuration does not
   *     say which architecture it is
   * @throws IOException if the path is neither, or a file is missing or cannot be read; the message
   *     names what is missing
   */
  public static Checkpoint open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return openFolder(path);
    }
    if (GgufFile.hasName(path)) {
      return openGguf(path);
    }
    throw neither(path);
  }

  private static Checkpoint openGguf(Path file) throws IOException {
    GgufWeights weights = GgufWeights.open(file);
    boolean opened = false;
    try {
      GgufMetadata metadata = weights.headers().getFirst().metadata();
      Map<String, Object> config = Collections.unmodifiableMap(GgufConfig.read(metadata, weights));
      String modelType = String.valueOf(config.get(MODEL_TYPE));
      Checkpoint checkpoint =
          new Checkpoint(
              file,
              modelType,
              config,
              Collections.unmodifiableMap(GgufConfig.generation(metadata)),
              weights);
      opened = true;
      return checkpoint;
    } finally {
      if (!opened) {
        weights.close();
      }
    }
  }

  private static Checkpoint openFolder(Path folder) throws IOException {
    Path configFile = folder.resolve(CONFIG_FILE);
    if (!FileInput.isPresent(configFile)) {
      throw new NoSuchFileException(
          folder.toString(),
          null,
          "no %s; expected a model folder as Hugging Face publishes it".formatted(CONFIG_FILE)
              + whatElseIsMissing(folder));
    }
    Map<String, Object> config = JsonFile.readObject(configFile);
    String modelType = modelType(configFile, config);
    Path generationFile = folder.resolve(GENERATION_CONFIG_FILE);
    Map<String, Object> generationConfig =
        FileInput.isPresent(generationFile) ? JsonFile.readObject(generationFile) : Map.of();
    return new Checkpoint(
        folder, modelType, config, generationConfig, SafetensorsWeights.open(folder));
  }

  private static String modelType(Path file, Map<String, Object> config) throws FormatException {
    Object modelType = config.get(MODEL_TYPE);
    if (modelType instanceof String text && !text.isBlank()) {
      return text;
    }
    throw new FormatException(
        file,
        "%s: expected the name of an architecture such as qwen3, got %s"
            .formatted(
                MODEL_TYPE, modelType == null ? "nothing" : Quoted.of(modelType.toString())));
  }

  private static IOException neither(Path path) throws IOException {
    if (!Files.exists(path)) {
      return new NoSuchFileException(
          path.toString(),
          null,
          "no such folder; expected a model folder with config.json or a .gguf file");
    }
    try (FileChannel channel = FileInput.open(path)) {
      String misplaced = FileKind.misplaced(FileInput.prefix(channel));
      return new FormatException(
          path,
          misplaced != null
              ? misplaced
              : "expected a model folder, got a file; pass the folder that holds config.json");
    }
  }

  private static String whatElseIsMissing(Path folder) throws IOException {
    boolean hasWeights =
        FileInput.isPresent(folder.resolve(FolderContents.SINGLE_FILE))
            || FileInput.isPresent(folder.resolve(FolderContents.INDEX_FILE));
    return hasWeights ? "" : ". It also has " + FolderContents.of(folder).whyNoWeights();
  }

  /** The folder, or the GGUF file. */
  public Path path() {
    return path;
  }

  @Override
  public String location() {
    return path.toString();
  }

  @Override
  public String modelType() {
    return modelType;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Unmodifiable and in the order of the file; nested sections such as {@code text_config} are
   * kept. Numbers are read as by {@link JsonFile#readObject}.
   */
  @Override
  public Map<String, Object> config() {
    return config;
  }

  @Override
  public Map<String, Object> generationConfig() {
    return generationConfig;
  }

  @Override
  public CheckpointWeights weights() {
    return weights;
  }

  /**
   * Reads the weights into memory ahead of their use; see {@link CheckpointWeights#prefetch}.
   *
   * @throws IllegalStateException if the checkpoint is closed already
   */
  public void prefetch(Consumer<LoadProgress> listener) {
    weights.prefetch(listener);
  }

  /** Unmaps the weights; segments from them then throw {@link IllegalStateException}. */
  @Override
  public void close() {
    weights.close();
  }

  /** The path and the model type. */
  @Override
  public String toString() {
    return "%s (%s)".formatted(path, modelType);
  }
}
