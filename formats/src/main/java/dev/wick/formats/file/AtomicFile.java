package dev.wick.formats.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Replaces a file whole or not at all: the content goes to a temporary file beside it, is forced to
 * the disk and renamed.
 */
public final class AtomicFile {
  private static final System.Logger LOGGER = System.getLogger("dev.wick.formats.file");

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
   * Writes a file, so that the path shows the old content or the new, never a part. A JVM that is
   * asked to end meanwhile (SIGINT, SIGTERM) leaves no temporary file behind.
   *
   * @throws IOException if it cannot be written, naming the file; the old one is then untouched
   */
  public static void write(Path file, Content content) throws IOException {
    Path name = file.getFileName();
    if (name == null || Files.isDirectory(file)) {
      throw new IOException(file + ": expected the path of a file, got a folder");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) { // which the new file would replace
      throw new IOException(file + ": expected the path of a file, got a device or pipe");
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NoSuchFileException(
          file.toString(), null, "there is no folder %s; make it first".formatted(folder));
    }
    // Not Files.createTempFile, which makes files that only their owner may read.
    Path temporary = file.resolveSibling(".%s.%s.tmp".formatted(name, UUID.randomUUID()));
    try (Cleanup _ = Cleanup.of(temporary)) {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw named(file, temporary, e);
    }
    forceFolder(folder);
  }

  /** A channel does not say which file it is that has no space left, for example. */
  private static IOException named(Path file, Path temporary, IOException failure) {
    String message = String.valueOf(failure.getMessage());
    if (failure instanceof FormatException || message.contains(file.toString())) {
      return failure;
    }
    String problem =
        failure instanceof AccessDeniedException
            ? "access denied; check the permissions of its folder"
            : message.replace(temporary.toString() + ": ", "");
    return new IOException("%s: %s".formatted(file, problem), failure);
  }

  /** Deletes a file in the end, at the latest with the JVM. */
  private record Cleanup(Path file, Thread hook) implements AutoCloseable {
    static Cleanup of(Path file) throws IOException {
      Thread hook =
          new Thread(
              () -> {
                try {
                  Files.deleteIfExists(file);
                } catch (IOException e) {
                  LOGGER.log(System.Logger.Level.WARNING, file + ": cannot be deleted", e);
                }
              });
      try {
        Runtime.getRuntime().addShutdownHook(hook);
      } catch (IllegalStateException e) {
        throw new IOException("the JVM is shutting down", e);
      }
      return new Cleanup(file, hook);
    }

    @Override
    public void close() throws IOException {
      Files.deleteIfExists(file);
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        LOGGER.log(System.Logger.Level.DEBUG, "the JVM is shutting down", e); // the hook runs
      }
    }
  }

  /** Makes the new name durable where folders can be forced (not on Windows). */
  private static void forceFolder(Path folder) throws IOException {
    if (!System.getProperty("os.name", "").startsWith("Windows")) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}
