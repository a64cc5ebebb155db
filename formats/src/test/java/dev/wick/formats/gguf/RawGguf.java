package dev.wick.formats.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** GGUF files made byte by byte, so that tests of the reader do not lean on the writer. */
final class RawGguf {
  static final int UINT32 = 4;
  static final int STRING = 8;
  static final int ARRAY = 9;

  private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
  private final ByteArrayOutputStream tensors = new ByteArrayOutputStream();
  private long pairCount;
  private long tensorCount;
  private int version = 3;
  private int alignment = 32;
  private int dataBytes;

  RawGguf version(int version) {
    this.version = version;
    return this;
  }

  RawGguf pairs(long count) {
    pairCount = count;
    return this;
  }

  RawGguf tensors(long count) {
    tensorCount = count;
    return this;
  }

  RawGguf alignment(int alignment) {
    this.alignment = alignment;
    return pair("general.alignment", UINT32, int32(alignment));
  }

  /** A pair of metadata, its value given as bytes. */
  RawGguf pair(String key, int type, byte[] value) {
    pairs.writeBytes(text(key));
    pairs.writeBytes(int32(type));
    pairs.writeBytes(value);
    pairCount++;
    return this;
  }

  RawGguf pair(String key, String value) {
    return pair(key, STRING, text(value));
  }

  /** A tensor, extents innermost first as in the file. */
  RawGguf tensor(byte[] name, int type, long offset, long... extents) {
    tensors.writeBytes(int64(name.length));
    tensors.writeBytes(name);
    tensors.writeBytes(int32(extents.length));
    for (long extent : extents) {
      tensors.writeBytes(int64(extent));
    }
    tensors.writeBytes(int32(type));
    tensors.writeBytes(int64(offset));
    tensorCount++;
    return this;
  }

  RawGguf tensor(String name, int type, long offset, long... extents) {
    return tensor(name.getBytes(StandardCharsets.UTF_8), type, offset, extents);
  }

  RawGguf data(int bytes) {
    dataBytes = bytes;
    return this;
  }

  byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(int32(version));
    out.writeBytes(int64(tensorCount));
    out.writeBytes(int64(pairCount));
    out.writeBytes(pairs.toByteArray());
    out.writeBytes(tensors.toByteArray());
    while (dataBytes > 0 && alignment > 0 && out.size() % alignment != 0) {
      out.write(0);
    }
    for (int i = 0; i < dataBytes; i++) {
      out.write(i);
    }
    return out.toByteArray();
  }

  Path write(Path file) throws IOException {
    return Files.write(file, bytes());
  }

  static byte[] text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return join(int64(utf8.length), utf8);
  }

  /** An array of a type, its elements given as bytes. */
  static byte[] array(int type, long count, byte[]... elements) {
    return join(int32(type), int64(count), join(elements));
  }

  static byte[] int32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  static byte[] int64(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
