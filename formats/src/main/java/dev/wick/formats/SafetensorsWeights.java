package dev.wick.formats;

import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.internal.FileInput;
import dev.wick.formats.safetensors.SafetensorsFile;
import dev.wick.formats.safetensors.SafetensorsHeader;
import dev.wick.formats.safetensors.ShardIndex;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Iterator;
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
  private final WeightFiles<SafetensorsHeader> files;
  private final Map<String, MappedFile<SafetensorsHeader>> fileByTensor;

  private SafetensorsWeights(
      WeightFiles<SafetensorsHeader> files,
      Map<String, MappedFile<SafetensorsHeader>> fileByTensor) {
    this.files = files;
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
    Path single = path.resolve(FolderContents.SINGLE_FILE);
    if (FileInput.isPresent(single)) {
      return openFile(single);
    }
    Path index = path.resolve(FolderContents.INDEX_FILE);
    if (FileInput.isPresent(index)) {
      return openShards(index);
    }
    throw new NoSuchFileException(path.toString(), null, FolderContents.of(path).whyNoWeights());
  }

  private static SafetensorsWeights openFile(Path path) throws IOException {
    return WeightFiles.open(
        path,
        List.of(path),
        SafetensorsFile::open,
        files -> {
          MappedFile<SafetensorsHeader> file = files.list().getFirst();
          Map<String, MappedFile<SafetensorsHeader>> fileByTensor = new LinkedHashMap<>();
          file.names().forEach(name -> fileByTensor.put(name, file));
          return new SafetensorsWeights(files, fileByTensor);
        });
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
    return WeightFiles.open(
        path,
        index.shards().stream().map(index::resolve).toList(),
        SafetensorsFile::open,
        files -> new SafetensorsWeights(files, assign(index, files)));
  }

  /**
   * Decides which file each tensor comes from; what the index leaves out must be in one file only.
   */
  private static Map<String, MappedFile<SafetensorsHeader>> assign(
      ShardIndex index, WeightFiles<SafetensorsHeader> files) throws FormatException {
    Map<String, MappedFile<SafetensorsHeader>> fileByTensor = new LinkedHashMap<>();
    Iterator<String> shards = index.shards().iterator();
    for (MappedFile<SafetensorsHeader> file : files.list()) {
      String shard = shards.next();
      for (String tensor : file.names()) {
        String declared = index.weightMap().get(tensor);
        if (declared != null && !declared.equals(shard)) {
          continue;
        }
        MappedFile<SafetensorsHeader> other = fileByTensor.put(tensor, file);
        if (other != null) {
          throw new FormatException(
              index.file(),
              "tensor %s is in %s and in %s, and weight_map does not say which one to use"
                  .formatted(Quoted.of(tensor), other, file));
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
    files.requireOpen();
    MappedFile<SafetensorsHeader> file = fileByTensor.get(name);
    if (file == null) {
      throw new FormatException(
          files.location(), "there is no tensor %s".formatted(Quoted.of(name)));
    }
    return file.data(name);
  }

  /** The files that hold the tensors, in the order of their names. */
  public List<SafetensorsHeader> headers() {
    return files.headers();
  }

  @Override
  public long byteSize() {
    return files.byteSize();
  }

  @Override
  public void prefetch(Consumer<LoadProgress> listener) {
    files.prefetch(listener);
  }

  @Override
  public void close() {
    files.close();
  }

  /** The path the weights were opened at. */
  @Override
  public String toString() {
    return files.location().toString();
  }
}
