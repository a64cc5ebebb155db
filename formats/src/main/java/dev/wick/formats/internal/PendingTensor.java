package dev.wick.formats.internal;

import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.file.TensorContent;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A tensor that a writer has been given and not written yet.
 *
 * @param content must write the bytes that the spec asks for
 */
public record PendingTensor(String name, TensorSpec spec, TensorContent content) {
  /**
   * The content of a tensor in memory.
   *
   * @param format what the message of a failure begins with
   * @throws IllegalArgumentException if the segment has not the size that the spec asks for
   */
  public static TensorContent content(
      String format, String name, TensorSpec spec, MemorySegment data) {
    if (data.byteSize() != spec.byteSize()) {
      throw new IllegalArgumentException(
          "%s: expected %d bytes for %s %s, got %d"
              .formatted(format, spec.byteSize(), Quoted.of(name), spec, data.byteSize()));
    }
    return channel -> FileOutput.write(channel, data);
  }

  /**
   * Writes the content.
   *
   * @param file where to, for messages
   * @throws IOException if the channel refuses it, or it is more or less than the spec says
   */
  public void writeTo(Path file, FileChannel channel) throws IOException {
    long begin = channel.position();
    content.writeTo(channel);
    long written = channel.position() - begin;
    if (written != spec.byteSize()) {
      throw new IOException(
          "%s: expected %d bytes for tensor %s %s, got %d from its content"
              .formatted(file, spec.byteSize(), Quoted.of(name), spec, written));
    }
  }
}
