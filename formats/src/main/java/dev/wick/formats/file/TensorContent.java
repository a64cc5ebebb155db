package dev.wick.formats.file;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/** The bytes of a tensor that is written, produced when they are needed. */
@FunctionalInterface
public interface TensorContent {
  /**
   * Writes all bytes of the tensor, little-endian and row-major, and leaves the channel open.
   *
   * @throws IOException if the channel refuses them
   */
  void writeTo(WritableByteChannel channel) throws IOException;
}
