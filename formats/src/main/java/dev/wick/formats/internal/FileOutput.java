package dev.wick.formats.internal;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;

/** Writes all bytes, however few a channel takes at a time. */
public final class FileOutput {
  /**
   * Bytes copied at a time: buffers between heap and file stay small. It is the size of a large
   * page as well: what is written by whole ones lies in such pages in the cache of Linux, and is
   * mapped and read faster later.
   */
  public static final int CHUNK_BYTES = 2 << 20;

  private FileOutput() {}

  /** Writes what remains in a buffer. */
  public static void write(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Writes a segment of any size and kind, to a file in chunks that end at multiples of one. */
  public static void write(WritableByteChannel channel, MemorySegment data) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(CHUNK_BYTES, data.byteSize()));
    long start = channel instanceof FileChannel file ? file.position() : 0;
    long offset = 0;
    while (offset < data.byteSize()) {
      long room = CHUNK_BYTES - (start + offset) % CHUNK_BYTES;
      chunk
          .clear()
          .limit((int) Math.min(room, Math.min(chunk.capacity(), data.byteSize() - offset)));
      MemorySegment.copy(data, offset, MemorySegment.ofBuffer(chunk), 0, chunk.limit());
      write(channel, chunk);
      offset += chunk.limit();
    }
  }
}
