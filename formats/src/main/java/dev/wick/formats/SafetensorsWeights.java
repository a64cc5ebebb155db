package dev.wick.formats;

import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The weights of a checkpoint: one safetensors file, or the shards that an index names.
 *
 * <p>Thread-safe. Opening reads the headers and maps the files; the data are read as they are used,
 * or ahead of that by {@link #prefetch}.
 */
public final class SafetensorsWeights implements CheckpointWeights {
  /** The file of a checkpoint that is not sharded. */
  static final String SINGLE_FILE = "model.safetensors";

  /** The index of a checkpoint that is sharded. */
  static final String INDEX_FILE = "model.safetensors.index.json";

  private final Path location;
  private final List<SafetensorsFile> files;
  private final Map<String, SafetensorsFile> fileByTensor;
  private volatile boolean closed;

  private SafetensorsWeights(
      Path location, List<SafetensorsFile> files, Map<String, SafetensorsFile> fileByTensor) {
    this.location = location;
    this.files = List.copyOf(files);
    this.fileByTensor = Collections.unmodifiableMap(fileByTensor);
  }

  /**
   * Opens the weights at a path: a folder with {@code model.safetensors} or {@code
   * model.safetensors.index.json} (the single file comes first, as in transformers), a {@code
   * .safetensors} file, or an {@code .index.json} file.
   *
   * @throws FormatException if a file breaks a rule of its format, or a shard lacks a tensor that
   *     the index says it has
   * @throws IOException if there are no weights or a shard is missing; the message names the file
   */
  public static SafetensorsWeights open(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return path.toString().endsWith(".json") ? openShards(path) : openFile(path);
    }
    Path single = path.resolve(SINGLE_FILE);
    if (FileInput.isPresent(single)) {
      return openFile(single);
    }
    Path index = path.resolve(INDEX_FILE);
    if (FileInput.isPresent(index)) {
      return openShards(index);
    }
    throw new NoSuchFileException(path.toString(), null, FolderContents.of(path).whyNoWeights());
  }

  private static SafetensorsWeights openFile(Path path) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path);
    Map<String, SafetensorsFile> fileByTensor = LinkedHashMap.newLinkedHashMap(file.names().size());
    file.names().forEach(name -> fileByTensor.put(name, file));
    return new SafetensorsWeights(path, List.of(file), fileByTensor);
  }

  private static SafetensorsWeights openShards(Path path) throws IOException {
    ShardIndex index = ShardIndex.read(path);
    List<String> missing =
        index.shards().stream().filter(shard -> !Files.exists(index.resolve(shard))).toList();
    if (!missing.isEmpty()) {
      throw new NoSuchFileException(
          path.toString(),
          null,
          "%d of %d shards are missing: %s; download them into the folder of the index"
              .formatted(missing.size(), index.shards().size(), shown(missing)));
    }
    Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    boolean opened = false;
    try {
      for (String shard : index.shards()) {
        shards.put(shard, SafetensorsFile.open(index.resolve(shard)));
      }
      var weights =
          new SafetensorsWeights(path, List.copyOf(shards.values()), assign(index, shards));
      opened = true;
      return weights;
    } finally {
      if (!opened) {
        shards.values().forEach(SafetensorsFile::close);
      }
    }
  }

  /**
   * Decides which file each tensor comes from; what the index leaves out must be in one file only.
   */
  private static Map<String, SafetensorsFile> assign(
      ShardIndex index, Map<String, SafetensorsFile> shards) throws FormatException {
    Map<String, SafetensorsFile> fileByTensor = new LinkedHashMap<>();
    for (Map.Entry<String, SafetensorsFile> shard : shards.entrySet()) {
      for (String tensor : shard.getValue().names()) {
        String declared = index.weightMap().get(tensor);
        if (declared != null && !declared.equals(shard.getKey())) {
          continue;
        }
        SafetensorsFile other = fileByTensor.put(tensor, shard.getValue());
        if (other != null) {
          throw new FormatException(
              index.file(),
              "tensor %s is in %s and in %s, and weight_map does not say which one to use"
                  .formatted(Quoted.of(tensor), other, shard.getValue()));
        }
      }
    }
    for (Map.Entry<String, String> entry : index.weightMap().entrySet()) {
      if (!fileByTensor.containsKey(entry.getKey())) {
        throw new FormatException(
            index.resolve(entry.getValue()),
            "there is no tensor %s, which %s expects here"
                .formatted(Quoted.of(entry.getKey()), index.file().getFileName()));
      }
    }
    return fileByTensor;
  }

  private static String shown(List<String> names) {
    int limit = 5;
    String text = String.join(", ", names.subList(0, Math.min(limit, names.size())));
    return names.size() <= limit ? text : "%s and %d more".formatted(text, names.size() - limit);
  }

  @Override
  public Set<String> names() {
    return fileByTensor.keySet();
  }

  @Override
  public Optional<TensorSpec> find(String name) {
    return Optional.ofNullable(fileByTensor.get(name)).flatMap(file -> file.find(name));
  }

  /**
   * {@inheritDoc}
   *
   * <p>The segment is read-only and may begin at any address: access it with unaligned layouts.
   *
   * @throws IllegalStateException if the weights are closed
   */
  @Override
  public MemorySegment data(String name) throws IOException {
    requireOpen();
    SafetensorsFile file = fileByTensor.get(name);
    if (file == null) {
      throw new FormatException(location, "there is no tensor %s".formatted(Quoted.of(name)));
    }
    return file.data(name);
  }

  /** The files that hold the tensors, in the order of their names. */
  public List<SafetensorsHeader> headers() {
    return files.stream().map(SafetensorsFile::header).toList();
  }

  @Override
  public long byteSize() {
    return files.stream().mapToLong(file -> file.header().fileSize()).sum();
  }

  @Override
  public void prefetch(Consumer<LoadProgress> listener) {
    requireOpen();
    long total = byteSize();
    long done = 0;
    for (SafetensorsFile file : files) {
      long before = done;
      boolean complete =
          file.prefetch(
              bytes ->
                  listener.accept(new LoadProgress(file.header().file(), before + bytes, total)));
      if (!complete) {
        return;
      }
      done += file.header().fileSize();
    }
  }

  @Override
  public void close() {
    closed = true;
    files.forEach(SafetensorsFile::close);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("weights: %s are closed".formatted(location));
    }
  }

  /** The path the weights were opened at. */
  @Override
  public String toString() {
    return location.toString();
  }
}
