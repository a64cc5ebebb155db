package dev.wick.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The right to download one blob, against other threads and other Java processes. It only saves
 * double work: that a blob is right is known from its checksum, and it gets its name in one step.
 *
 * <p>Python's {@code filelock} uses {@code flock(2)}, Java {@code fcntl(2)}, which on Linux do not
 * see each other.
 */
final class BlobLock implements AutoCloseable {
  private static final Logger LOG = System.getLogger("dev.wick.hub");
  // A file lock is held by the whole process and throws where two threads ask for it.
  private static final ConcurrentHashMap<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

  private final ReentrantLock threads;
  private final FileChannel channel;
  private final Optional<FileLock> lock;

  private BlobLock(ReentrantLock threads, FileChannel channel, Optional<FileLock> lock) {
    this.threads = threads;
    this.channel = channel;
    this.lock = lock;
  }

  /** Waits for the right. */
  static BlobLock acquire(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    ReentrantLock threads = THREADS.computeIfAbsent(file, key -> new ReentrantLock());
    try {
      threads.lockInterruptibly();
    } catch (InterruptedException e) {
      throw cancelled(e);
    }
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      return new BlobLock(threads, channel, lock(channel, file));
    } catch (IOException e) {
      threads.unlock();
      throw e;
    }
  }

  private static Optional<FileLock> lock(FileChannel channel, Path file) throws IOException {
    try {
      return Optional.of(channel.lock());
    } catch (FileLockInterruptionException e) {
      channel.close();
      throw cancelled(e);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "No locks on this file system, continuing without: " + file, e);
      return Optional.empty();
    }
  }

  private static InterruptedIOException cancelled(Exception cause) {
    Thread.currentThread().interrupt();
    InterruptedIOException interrupted = new InterruptedIOException("the download was cancelled");
    interrupted.initCause(cause);
    return interrupted;
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      if (lock.isPresent()) {
        lock.get().release();
      }
    } finally {
      threads.unlock();
    }
  }
}
