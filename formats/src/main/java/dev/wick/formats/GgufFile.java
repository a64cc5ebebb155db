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
 * A GGUF file, memory-mapped: opening reads and checks the header, and a page of data is read when
 * it is first used. Tensors have the names of the file; {@link GgufWeights} has those of a model.
 *
 * <p>Thread-safe. {@link #close} unmaps the file; every segment that came from it then throws
 * {@link IllegalStateException}. The file must not be cut short by others while it is mapped.
 */
public final class GgufFile implements WeightSource, AutoCloseable {
  private final GgufHeader header;
  private final FileMapping mapping;

  private GgufFile(GgufHeader header, FileMapping mapping) {
    this.header = header;
    this.mapping = mapping;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws FormatException if the file breaks a rule of the format, or has a tensor of a type that
   *     is not supported
   * @throws IOException if the file cannot be read or mapped
   */
  public static GgufFile open(Path file) throws IOException {
    try (FileChannel channel = FileInput.open(file)) {
      GgufHeader header = GgufHeaderParser.parse(file, channel);
      return new GgufFile(header, FileMapping.of(file, channel, header.fileSize()));
    }
  }

  /** What the file says; usable after {@link #close}. */
  public GgufHeader header() {
    return header;
  }

  @Override
  public Set<String> names() {
    return header.names();
  }

  @Override
  public Optional<TensorSpec> find(String name) {
    return header.find(name).map(GgufHeader.Entry::spec);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The segment is read-only.
   *
   * @throws FormatException if there is no such tensor
   * @throws IllegalStateException if this file is closed
   */
  @Override
  public MemorySegment data(String name) throws IOException {
    GgufHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new FormatException(header.file(), "there is no tensor %s".formatted(Quoted.of(name)));
    }
    return mapping.slice(header.dataOffset() + entry.offset(), entry.byteSize());
  }

  /** As {@link FileMapping#prefetch}. */
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
