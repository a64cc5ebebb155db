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
 * What a safetensors file says about its tensors: names, types, shapes and places.
 *
 * <p>A header exists only for a file that keeps every rule of the format: the tensors cover the
 * data section in order, without holes or overlap, and each has the size that its type and shape
 * ask for. Immutable.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
public final class SafetensorsHeader {
  private final Path file;
  private final long dataOffset;
  private final long dataSize;
  private final Map<String, Entry> entries;
  private final Map<String, String> metadata;

  /** Trusts its arguments: {@link SafetensorsHeaderParser} has checked them. */
  SafetensorsHeader(
      Path file,
      long dataOffset,
      long dataSize,
      List<Entry> entries,
      Map<String, String> metadata) {
    this.file = file;
    this.dataOffset = dataOffset;
    this.dataSize = dataSize;
    Map<String, Entry> byName = LinkedHashMap.newLinkedHashMap(entries.size());
    entries.forEach(entry -> byName.put(entry.name(), entry));
    this.entries = Collections.unmodifiableMap(byName);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * A tensor of the file.
   *
   * @param name its name
   * @param spec its type and shape
   * @param begin first byte, counted from the start of the data section
   * @param end byte after the last
   */
  public record Entry(String name, TensorSpec spec, long begin, long end) {
    /** Bytes the tensor takes. */
    public long byteSize() {
      return end - begin;
    }
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

  /** The file this header was read from. */
  public Path file() {
    return file;
  }

  /** Where in the file the data section begins, in bytes. */
  public long dataOffset() {
    return dataOffset;
  }

  /** Bytes of the data section, which ends with the file. */
  public long dataSize() {
    return dataSize;
  }

  /** Bytes of the file. */
  public long fileSize() {
    return dataOffset + dataSize;
  }

  /** Names of the tensors, in the order of their data. */
  public Set<String> names() {
    return entries.keySet();
  }

  /** The tensors by name, in the order of their data. */
  public Map<String, Entry> entries() {
    return entries;
  }

  /** The tensor of this name, or empty if there is none. */
  public Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** The {@code __metadata__} of the file; empty if it has none. */
  public Map<String, String> metadata() {
    return metadata;
  }
}
