package dev.wick.formats.gguf;

import dev.wick.formats.file.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads the little-endian head of a GGUF file; a length is checked before it is believed. */
final class GgufInput {
  private static final int BUFFER_BYTES = 1 << 18;

  private static final char REPLACEMENT = '\ufffd';

  private final Path file;
  private final FileChannel channel;
  private final long size;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private long begin; // of the buffer, in the file
  private int at;
  private int limit;

  GgufInput(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    this.size = channel.size();
  }

  long position() {
    return begin + at;
  }

  long remaining() {
    return size - position();
  }

  FormatException broken(String problem) {
    return new FormatException(file, problem);
  }

  /** Makes sure that bytes of the file follow. */
  void require(long bytes, String what) throws FormatException {
    if (bytes > remaining()) {
      throw broken(
          "%s: expected %d bytes, got %d until the end of the file; "
                  .formatted(what, bytes, remaining())
              + "the file is cut short, download it again");
    }
  }

  int int8(String what) throws IOException {
    fill(1, what);
    return buffer[at++] & 0xff;
  }

  int int16(String what) throws IOException {
    return int8(what) | int8(what) << 8;
  }

  int int32(String what) throws IOException {
    fill(4, what);
    int value =
        (buffer[at] & 0xff)
            | (buffer[at + 1] & 0xff) << 8
            | (buffer[at + 2] & 0xff) << 16
            | buffer[at + 3] << 24;
    at += 4;
    return value;
  }

  long int64(String what) throws IOException {
    return (int32(what) & 0xffff_ffffL) | (long) int32(what) << 32;
  }

  /** The number of bytes that a text declares, which do follow. */
  int textLength(String what) throws IOException {
    long length = int64(what);
    if (length < 0 || length > remaining()) {
      throw broken(
          "%s: expected a text within the %d bytes that follow, got a length of %s"
              .formatted(what, remaining(), Long.toUnsignedString(length)));
    }
    if (length > Integer.MAX_VALUE - 8) {
      throw broken("%s: expected a text below 2 GiB, got %d bytes".formatted(what, length));
    }
    return (int) length;
  }

  String text(String what) throws IOException {
    byte[] bytes = new byte[textLength(what)];
    bytes(bytes, 0, bytes.length, what);
    return decode(bytes, what);
  }

  private String decode(byte[] utf8, String what) throws FormatException {
    String text = new String(utf8, StandardCharsets.UTF_8);
    if (text.indexOf(REPLACEMENT) >= 0) { // stood there, or stands for what is no UTF-8
      requireUtf8(utf8, what);
    }
    return text;
  }

  /** Refuses bytes that are not UTF-8. */
  void requireUtf8(byte[] bytes, String what) throws FormatException {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(Math.min(bytes.length + 1, 1 << 13));
    CoderResult result = CoderResult.OVERFLOW;
    while (result.isOverflow()) {
      result = decoder.decode(in, out.clear(), true);
    }
    if (result.isError()) {
      throw broken(what + ": expected UTF-8, got other bytes");
    }
  }

  void bytes(byte[] target, int offset, int length, String what) throws IOException {
    require(length, what);
    int done = Math.min(length, limit - at);
    System.arraycopy(buffer, at, target, offset, done);
    at += done;
    while (done < length) {
      int count = channel.read(ByteBuffer.wrap(target, offset + done, length - done), position());
      if (count <= 0) {
        throw broken(what + ": the file became shorter while it was read");
      }
      done += count;
      begin += count;
    }
  }

  private void fill(int bytes, String what) throws IOException {
    if (limit - at >= bytes) {
      return;
    }
    require(bytes, what);
    System.arraycopy(buffer, at, buffer, 0, limit - at);
    begin += at;
    limit -= at;
    at = 0;
    while (limit < bytes) {
      int count =
          channel.read(ByteBuffer.wrap(buffer, limit, buffer.length - limit), begin + limit);
      if (count <= 0) {
        throw broken(what + ": the file became shorter while it was read");
      }
      limit += count;
    }
  }
}
