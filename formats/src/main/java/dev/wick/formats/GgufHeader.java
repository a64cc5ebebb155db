package dev.wick.formats;

import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a GGUF file says: its metadata, and names, types, shapes and places of its tensors.
 *
 * <p>A header exists only for a file that keeps the rules of the format: every count, length and
 * offset lies within the file, and no two tensors share a byte. Immutable.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format</a>
 */
public final class GgufHeader {
  private final Path file;
  private final int version;
  private final long fileSize;
  private final long dataOffset;
  private final GgufMetadata metadata;
  private final Map<String, Entry> entries;

  /** Trusts its arguments: {@link GgufHeaderParser} has checked them. */
  GgufHeader(
      Path file,
      int version,
      long fileSize,
      long dataOffset,
      GgufMetadata metadata,
      List<Entry> entries) {
    this.file = file;
    this.version = version;
    this.fileSize = fileSize;
    this.dataOffset = dataOffset;
    this.metadata = metadata;
    Map<String, Entry> byName = LinkedHashMap.newLinkedHashMap(entries.size());
    entries.forEach(entry -> byName.put(entry.name(), entry));
    this.entries = Collections.unmodifiableMap(byName);
  }

  /**
   * A tensor of the file.
   *
   * @param name its name, for example {@code blk.0.attn_q.weight}
   * @param spec its type and shape, outermost axis first: the file has them the other way round
   * @param offset first byte, counted from the start of the data section
   */
  public record Entry(String name, TensorSpec spec, long offset) {
    /** Bytes the tensor takes. */
    public long byteSize() {
      return spec.byteSize();
    }
  }

  /**
   * Reads and checks the header of a file; touches no tensor data.
   *
   * @throws FormatException if the file breaks a rule of the format, or has a tensor of a type that
   *     is not supported; the message lists those that are
   * @throws IOException if the file cannot be read
   */
  public static GgufHeader read(Path file) throws IOException {
    try (FileChannel channel = FileInput.open(file)) {
      return GgufHeaderParser.parse(file, channel);
    }
  }

  /**
   * Reads and checks the header that speaks for a model: of a split model that of its first part,
   * whichever part is given.
   *
   * @throws IOException as {@link #read}, or if a part is missing
   */
  public static GgufHeader readModel(Path file) throws IOException {
    return read(GgufWeights.parts(file).getFirst());
  }

  /** Whether a path looks like a GGUF file: by its name, {@code .gguf}. */
  public static boolean hasName(Path path) {
    return path.toString().endsWith(".gguf");
  }

  /** The file this header was read from. */
  public Path file() {
    return file;
  }

  /** Version of the format, 2 or 3. */
  public int version() {
    return version;
  }

  /** Bytes of the file. */
  public long fileSize() {
    return fileSize;
  }

  /** Where in the file the data section begins, in bytes. */
  public long dataOffset() {
    return dataOffset;
  }

  /** What it says beside tensors. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** Names of the tensors, in the order of the file. */
  public Set<String> names() {
    return entries.keySet();
  }

  /** The tensors by name, in the order of the file. */
  public Map<String, Entry> entries() {
    return entries;
  }

  /** The tensor of this name, or empty if there is none. */
  public Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }
}
