package dev.wick.formats.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Replaces a file whole or not at all: the content goes to a temporary file beside it, is forced to
 * the disk and renamed.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes it all and leaves the channel open.
     *
     * @throws IOException if the channel refuses it
     */
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Writes a file, so that the path shows the old content or the new, never a part.
   *
   * @throws IOException if it cannot be written; the old file is then untouched
   */
  public static void write(Path file, Content content) throws IOException {
    Path name = file.getFileName();
    if (name == null || Files.isDirectory(file)) {
      throw new IOException(file + ": expected the path of a file, got a folder");
    }
    // Not Files.createTempFile, which makes files that only their owner may read.
    Path temporary = file.resolveSibling(".%s.%s.tmp".formatted(name, UUID.randomUUID()));
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
    forceFolder(file);
  }

  /** Makes the new name durable where folders can be forced (not on Windows). */
  private static void forceFolder(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null && !System.getProperty("os.name", "").startsWith("Windows")) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}
