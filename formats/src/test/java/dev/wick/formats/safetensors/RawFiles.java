package dev.wick.formats.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files made byte by byte, so that tests of the reader do not lean on the writer. */
public final class RawFiles {
  private RawFiles() {}

  /** A safetensors file with this header and as many data bytes, 0, 1, 2, ... */
  static Path safetensors(Path file, String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return Files.write(file, bytes(text.length, text, dataBytes));
  }

  /** The bytes of a file that declares a header of {@code length} bytes. */
  static byte[] bytes(long length, byte[] header, int dataBytes) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + header.length + dataBytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(length)
            .put(header);
    for (int i = 0; i < dataBytes; i++) {
      bytes.put((byte) i);
    }
    return bytes.array();
  }

  /** The entry of one tensor. */
  static String entry(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  /** A safetensors file of U8 vectors of 4 bytes each. */
  public static Path vectors(Path file, String... names) throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < names.length; i++) {
      header.append(i == 0 ? "" : ",").append(entry(names[i], "U8", "[4]", 4L * i, 4L * i + 4));
    }
    return safetensors(file, header.append('}').toString(), 4 * names.length);
  }
}
