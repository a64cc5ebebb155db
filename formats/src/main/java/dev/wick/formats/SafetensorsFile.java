package dev.wick.formats;

import dev.wick.engine.model.WeightSource;
import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/**
 * A safetensors file, memory-mapped: opening reads and checks the header, and a page of data is
 * read when it is first used.
 *
 * <p>Thread-safe. {@link #close} unmaps the file; every segment that came from it then throws
 * {@link IllegalStateException}. The file must not be cut short by others while it is mapped.
 */
public final class SafetensorsFile implements WeightSource, AutoCloseable {
  /** Bytes per step of a prefetch: a multiple of any page size, short enough to stop soon. */
  private static final long PREFETCH_STEP = 16L << 20;

  private final SafetensorsHeader header;
  private final Arena arena;
  private final MemorySegment mapping;
  // An arena cannot be closed during a native call on its memory; this keeps the two apart. It is
  // fair, so that close need not wait for a whole prefetch.
  private final ReentrantLock mappingInUse = new ReentrantLock(true);
  private volatile boolean closed;

  private SafetensorsFile(SafetensorsHeader header, Arena arena, MemorySegment mapping) {
    this.header = header;
    this.arena = arena;
    this.mapping = mapping;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws FormatException if the file breaks a rule of the format
   * @throws IOException if the file cannot be read or mapped
   */
  public static SafetensorsFile open(Path file) throws IOException {
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try (FileChannel channel = FileInput.open(file)) {
      SafetensorsHeader header = SafetensorsHeaderParser.parse(file, channel);
      MemorySegment mapping = map(channel, header, arena);
      opened = true;
      return new SafetensorsFile(header, arena, mapping);
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  private static MemorySegment map(FileChannel channel, SafetensorsHeader header, Arena arena)
      throws IOException {
    try {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, header.fileSize(), arena);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(
          "%s: cannot map %d bytes: %s".formatted(header.file(), header.fileSize(), e.getMessage()),
          e);
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
    requireOpen();
    SafetensorsHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new FormatException(header.file(), "there is no tensor %s".formatted(Quoted.of(name)));
    }
    return mapping.asSlice(header.dataOffset() + entry.begin(), entry.byteSize());
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
    requireOpen();
    for (long begin = 0; begin < mapping.byteSize(); begin += PREFETCH_STEP) {
      long end = Math.min(begin + PREFETCH_STEP, mapping.byteSize());
      mappingInUse.lock();
      try {
        if (closed) {
          return false;
        }
        PagePopulation.populate(mapping.asSlice(begin, end - begin));
      } finally {
        mappingInUse.unlock();
      }
      listener.accept(end);
      if (Thread.currentThread().isInterrupted()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Unmaps the file; does nothing the second time.
   *
   * @throws IllegalStateException if a native call is using the data
   */
  @Override
  public void close() {
    mappingInUse.lock();
    try {
      if (arena.scope().isAlive()) {
        arena.close();
      }
      closed = true;
    } finally {
      mappingInUse.unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("safetensors: %s is closed".formatted(header.file()));
    }
  }

  /** The path of the file. */
  @Override
  public String toString() {
    return header.file().toString();
  }
}
