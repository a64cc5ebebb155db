package dev.wick.formats.internal;

import dev.wick.formats.file.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/** A stretch of a file as a stream; leaves the position of the channel alone. */
public final class FileInput extends InputStream {
  private final FileChannel channel;
  private long position;
  private final long end;

  public FileInput(FileChannel channel, long begin, long end) {
    this.channel = channel;
    this.position = begin;
    this.end = end;
  }

  /** Opens a regular file for reading; every failure says which file and why. */
  public static FileChannel open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FormatException(file, "expected a file, got a folder");
    }
    try {
      return FileChannel.open(file, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      String reason =
          Files.isSymbolicLink(file)
              ? "a link to %s, which is missing; download it again"
                  .formatted(Files.readSymbolicLink(file))
              : "no such file";
      throw withReason(new NoSuchFileException(file.toString(), null, reason), e);
    } catch (AccessDeniedException e) {
      throw withReason(
          new AccessDeniedException(file.toString(), null, "no permission to read it"), e);
    }
  }

  /**
   * Whether there is an entry of this name, be it a link to nothing: {@link #open} says so then.
   */
  public static boolean isPresent(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** The first bytes of a file, fewer if it is shorter. */
  public static byte[] prefix(FileChannel channel) throws IOException {
    try (FileInput input = new FileInput(channel, 0, FileKind.PREFIX_BYTES)) {
      return input.readNBytes(FileKind.PREFIX_BYTES);
    }
  }

  private static <E extends IOException> E withReason(E exception, IOException cause) {
    exception.initCause(cause);
    return exception;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    int wanted = (int) Math.min(length, end - position);
    if (wanted <= 0) {
      return -1;
    }
    int count = channel.read(ByteBuffer.wrap(target, offset, wanted), position);
    if (count > 0) {
      position += count;
    }
    return count;
  }
}
