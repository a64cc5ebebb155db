package dev.wick.formats.file;

import dev.wick.engine.model.WeightSource;
import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * A file of tensors in memory: its header is read and checked, and a page of data is read when it
 * is first used. Tensors have the names of the file.
 *
 * <p>Thread-safe. {@link #close} unmaps the file; every segment that came from it then throws
 * {@link IllegalStateException}. The file must not be cut short by others while it is mapped.
 *
 * @param <H> the header of the format
 */
public final class MappedFile<H extends FileHeader> implements WeightSource, AutoCloseable {
  private final H header;
  private final FileMapping mapping;

  private MappedFile(H header, FileMapping mapping) {
    this.header = header;
    this.mapping = mapping;
  }

  /**
   * Maps a file whose header was read.
   *
   * @param channel the open file, which may be closed afterwards
   * @throws IOException if the file cannot be mapped
   */
  public static <H extends FileHeader> MappedFile<H> of(H header, FileChannel channel)
      throws IOException {
    return new MappedFile<>(header, FileMapping.of(header.file(), channel, header.fileSize()));
  }

  /** What the file says; usable after {@link #close}. */
  public H header() {
    return header;
  }

  @Override
  public Set<String> names() {
    return header.names();
  }

  @Override
  public Optional<TensorSpec> find(String name) {
    return header.find(name).map(TensorEntry::spec);
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
    TensorEntry entry = header.entries().get(name);
    if (entry == null) {
      throw new FormatException(header.file(), "there is no tensor %s".formatted(Quoted.of(name)));
    }
    return mapping.slice(header.dataOffset() + entry.offset(), entry.byteSize());
  }

  /**
   * Reads the whole file into the page cache and the page table, on the calling thread. Stops early
   * when the file is closed or the thread is interrupted.
   *
   * @param listener given the number of bytes read so far after each step
   * @return whether the whole file was read
   * @throws IllegalStateException if this file is closed already
   */
  public boolean prefetch(LongConsumer listener) {
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
