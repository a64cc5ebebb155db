package dev.wick.formats.safetensors;

import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.internal.FileInput;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Opens safetensors files, which hold tensors and little else. */
public final class SafetensorsFile {
  private SafetensorsFile() {}

  /**
   * Opens a file, checks its header and maps it.
   *
   * @throws FormatException if the file breaks a rule of the format
   * @throws IOException if the file cannot be read or mapped
   */
  public static MappedFile<SafetensorsHeader> open(Path file) throws IOException {
    try (FileChannel channel = FileInput.open(file)) {
      return MappedFile.of(SafetensorsHeaderParser.parse(file, channel), channel);
    }
  }
}
