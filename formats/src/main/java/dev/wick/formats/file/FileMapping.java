package dev.wick.formats.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/** A whole file in memory, read-only, until it is closed. Thread-safe. */
final class FileMapping implements AutoCloseable {
  /** Bytes per step of a prefetch: a multiple of any page size, short enough to stop soon. */
  private static final long PREFETCH_STEP = 16L << 20;

  private final Path file;
  private final Arena arena;
  private final MemorySegment bytes;
  // An arena cannot be closed during a native call on its memory; this keeps the two apart. It is
  // fair, so that close need not wait for a whole prefetch.
  private final ReentrantLock inUse = new ReentrantLock(true);
  private volatile boolean closed;

  private FileMapping(Path file, Arena arena, MemorySegment bytes) {
    this.file = file;
    this.arena = arena;
    this.bytes = bytes;
  }

  /** Maps the first {@code size} bytes, all there are, of a file that is open. */
  static FileMapping of(Path file, FileChannel channel, long size) throws IOException {
    Arena arena = Arena.ofShared();
    boolean mapped = false;
    try {
      var mapping =
          new FileMapping(file, arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena));
      mapped = true;
      if (size > 0) {
        PageAdvice.largePages(mapping.bytes);
      }
      return mapping;
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException("%s: cannot map %d bytes: %s".formatted(file, size, e.getMessage()), e);
    } finally {
      if (!mapped) {
        arena.close();
      }
    }
  }

  /**
   * A part of the file.
   *
   * @throws IllegalStateException if this is closed
   */
  MemorySegment slice(long offset, long size) {
    requireOpen();
    return bytes.asSlice(offset, size);
  }

  /**
   * Reads the whole file into the page cache and the page table, on the calling thread. Stops early
   * when this is closed or the thread is interrupted.
   *
   * @param listener given the number of bytes read so far after each step
   * @return whether the whole file was read
   * @throws IllegalStateException if this is closed already
   */
  boolean prefetch(LongConsumer listener) {
    requireOpen();
    for (long begin = 0; begin < bytes.byteSize(); begin += PREFETCH_STEP) {
      long end = Math.min(begin + PREFETCH_STEP, bytes.byteSize());
      inUse.lock();
      try {
        if (closed) {
          return false;
        }
        PageAdvice.populate(bytes.asSlice(begin, end - begin));
      } finally {
        inUse.unlock();
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
    inUse.lock();
    try {
      if (arena.scope().isAlive()) {
        arena.close();
      }
      closed = true;
    } finally {
      inUse.unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("weights: %s is closed".formatted(file));
    }
  }
}
