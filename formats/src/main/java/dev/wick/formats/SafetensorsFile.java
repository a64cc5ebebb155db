package dev.wick.formats;

import dev.wick.engine.model.WeightSource;
import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * A safetensors file, memory-mapped: opening reads and checks the header, and a page of data is
 * read when it is first used.
 *
 * <p>Thread-safe. {@link #close} unmaps the file; every segment that came from it then throws
 * {@link IllegalStateException}. The file must not be cut short by others while it is mapped.
 */
public final class SafetensorsFile implements WeightSource, AutoCloseable {
  private final SafetensorsHeader header;
  private final FileMapping mapping;

  private SafetensorsFile(SafetensorsHeader header, FileMapping mapping) {
    this.header = header;
    this.mapping = mapping;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws FormatException if the file breaks a rule of the format
   * @throws IOException if the file cannot be read or mapped
   */
  public static SafetensorsFile open(Path file) throws IOException {
    try (FileChannel channel = FileInput.open(file)) {
      SafetensorsHeader header = SafetensorsHeaderParser.parse(file, channel);
      return new SafetensorsFile(header, FileMapping.of(file, channel, header.fileSize()));
    }
  }

  /** What the file says about its tensors; usable after {@link #close}. */
  public SafetensorsHeader header() {
    return header;
  }

  @Override
  public Set<String> names() {
    return header.names();
  }

  @Override
  public Optional<TensorSpec> find(String name) {
    return header.find(name).map(SafetensorsHeader.Entry::spec);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The segment is read-only and may begin at any address: access it with unaligned layouts.
   *
   * @throws FormatException if there is no such tensor
   * @throws IllegalStateException if this file is closed
   */
  @Override
  public MemorySegment data(String name) throws IOException {
    SafetensorsHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new FormatException(header.file(), "there is no tensor %s".formatted(Quoted.of(name)));
    }
    return mapping.slice(header.dataOffset() + entry.begin(), entry.byteSize());
  }

  /**
   * Reads the whole file into the page cache and the page table, on the calling thread. Stops early
   * when the file is closed or the thread is interrupted.
   *
   * @param listener given the number of bytes read so far after each step
   * @return whether the whole file was read
   * @throws IllegalStateException if this file is closed already
   */
  boolean prefetch(LongConsumer listener) {
    return mapping.prefetch(listener);
  }

  /**
   * Unmaps the file; does nothing the second time.
   *
   * @throws IllegalStateException if a native call is using the data
   */
  @Override
  public void close() {
    mapping.close();
  }

  /** The path of the file. */
  @Override
  public String toString() {
    return header.file().toString();
  }
}
