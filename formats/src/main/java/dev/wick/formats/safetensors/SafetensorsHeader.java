package dev.wick.formats.safetensors;

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
 * What a safetensors file says about its tensors: names, types, shapes and places.
 *
 * <p>A header exists only for a file that keeps every rule of the format: the tensors cover the
 * data section in order, without holes or overlap, and each has the size that its type and shape
 * ask for. Immutable.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
public final class SafetensorsHeader implements FileHeader {
  private final Path file;
  private final long dataOffset;
  private final long dataSize;
  private final Map<String, TensorEntry> entries;
  private final Map<String, String> metadata;

  /** Trusts its arguments: {@link SafetensorsHeaderParser} has checked them. */
  SafetensorsHeader(
      Path file,
      long dataOffset,
      long dataSize,
      List<TensorEntry> entries,
      Map<String, String> metadata) {
    this.file = file;
    this.dataOffset = dataOffset;
    this.dataSize = dataSize;
    Map<String, TensorEntry> byName = LinkedHashMap.newLinkedHashMap(entries.size());
    entries.forEach(entry -> byName.put(entry.name(), entry));
    this.entries = Collections.unmodifiableMap(byName);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * Reads and checks the header of a file; touches no tensor data.
   *
   * @throws FormatException if the file breaks a rule of the format
   * @throws IOException if the file cannot be read
   */
  public static SafetensorsHeader read(Path file) throws IOException {
    try (FileChannel channel = FileInput.open(file)) {
      return SafetensorsHeaderParser.parse(file, channel);
    }
  }

  @Override
  public Path file() {
    return file;
  }

  @Override
  public long dataOffset() {
    return dataOffset;
  }

  /** Bytes of the data section, which ends with the file. */
  public long dataSize() {
    return dataSize;
  }

  @Override
  public long fileSize() {
    return dataOffset + dataSize;
  }

  /** The tensors by name, in the order of their data. */
  @Override
  public Map<String, TensorEntry> entries() {
    return entries;
  }

  /** The {@code __metadata__} of the file; empty if it has none. */
  public Map<String, String> metadata() {
    return metadata;
  }
}
