package dev.wick.formats.gguf;

import dev.wick.formats.file.FileHeader;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.TensorEntry;
import dev.wick.formats.internal.FileInput;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a GGUF file says: its metadata, and names, types, shapes and places of its tensors.
 *
 * <p>A header exists only for a file that keeps the rules of the format: every count, length and
 * offset lies within the file, and no two tensors share a byte. Immutable.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format</a>
 */
public final class GgufHeader implements FileHeader {
  private final Path file;
  private final int version;
  private final long fileSize;
  private final long dataOffset;
  private final GgufMetadata metadata;
  private final Map<String, TensorEntry> entries;

  /** Trusts its arguments: {@link GgufHeaderParser} has checked them. */
  GgufHeader(
      Path file,
      int version,
      long fileSize,
      long dataOffset,
      GgufMetadata metadata,
      List<TensorEntry> entries) {
    this.file = file;
    this.version = version;
    this.fileSize = fileSize;
    this.dataOffset = dataOffset;
    this.metadata = metadata;
    Map<String, TensorEntry> byName = LinkedHashMap.newLinkedHashMap(entries.size());
    entries.forEach(entry -> byName.put(entry.name(), entry));
    this.entries = Collections.unmodifiableMap(byName);
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
    return read(GgufFile.parts(file).getFirst());
  }

  @Override
  public Path file() {
    return file;
  }

  /** Version of the format, 2 or 3. */
  public int version() {
    return version;
  }

  @Override
  public long fileSize() {
    return fileSize;
  }

  @Override
  public long dataOffset() {
    return dataOffset;
  }

  /** What it says beside tensors. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** The tensors by name, in the order of the file. */
  @Override
  public Map<String, TensorEntry> entries() {
    return entries;
  }
}
