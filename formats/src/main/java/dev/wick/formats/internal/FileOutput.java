package dev.wick.formats.internal;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Writes all bytes, however few a channel takes at a time. */
public final class FileOutput {
  /** Bytes copied at a time: buffers between heap and file stay small. */
  public static final int CHUNK_BYTES = 1 << 20;

  private FileOutput() {}

  /** Writes what remains in a buffer. */
  public static void write(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Writes a segment of any size and kind. */
  public static void write(WritableByteChannel channel, MemorySegment data) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(CHUNK_BYTES, data.byteSize()));
    for (long offset = 0; offset < data.byteSize(); offset += chunk.limit()) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), data.byteSize() - offset));
      MemorySegment.copy(data, offset, MemorySegment.ofBuffer(chunk), 0, chunk.limit());
      write(channel, chunk);
    }
  }
}
